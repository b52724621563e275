"""What a run is known by: its configuration, without what its numbers do not depend on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from bdnet.data.prepare import digest as digest_of
from bdnet.errors import BdnetError

# what a run's numbers do not depend on: of runs that it builds on, their digests count, and of
# backbone and recipe, what the model and others take from them
APART = (
    "backbone", "callbacks.best.dirpath", "callbacks.examples", "callbacks.last",
    "callbacks.loader_monitor", "checkpoint_every", "data.bad_samples_at_most",
    "data.dataset.processes", "data.on_bad_sample", "data.prefetch", "data.workers", "folder",
    "identity", "init_from", "logger", "name", "needs", "overwrite", "recipe", "runs",
    "teacher.model.run", "trainer.default_root_dir", "trainer.enable_progress_bar",
    "trainer.log_every_n_steps",
)  # fmt: skip
# a run's folder may come from a stranger, and its configuration names code to run: what it may name
# are classes of these modules that have one of these bases; not all of torch's are harmless to make
TRUSTED = {
    "albumentations": {"BasicTransform", "BaseCompose"},
    "bdnet.codec.encoding": {"Encoding"},
    "bdnet.data": {"object"},
    "bdnet.models": {"Module"},
    "timm": {"Module"},
    "torch.nn": {"Module"},
}
METHODS = ("bdnet.data.classes.Classes.read",)


def digest(config: DictConfig, builds_on: Mapping[str, str]) -> str:
    """Ten digits that change with what a run's numbers depend on.

    builds_on: the digests of runs that it takes weights from
    """
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    for key in APART:
        *path, name = key.split(".")
        node: Any = plain
        for part in path:
            node = node.get(part) or {}
        node.pop(name, None)
    return digest_of(plain, dict(builds_on))


def differences(one: DictConfig, other: DictConfig, most: int = 5) -> list[str]:
    """Where two configurations say different things: `key was -> is`."""
    was, is_ = flat(one), flat(other)
    found = [
        f"{key} {was.get(key, 'unset')} -> {is_.get(key, 'unset')}"
        for key in sorted({*was, *is_})
        if was.get(key, "unset") != is_.get(key, "unset") and not key.startswith(APART)
    ]
    return found[:most] + ([f"and {len(found) - most} more"] if len(found) > most else [])


def check_trust(config: Any, path: str = "config") -> None:
    """Refuses a configuration that names other code to run than classes of networks and data."""
    if isinstance(config, DictConfig):
        config = OmegaConf.to_container(config, resolve=True)
    if isinstance(config, dict) and "_target_" in config:
        _check_target(str(config["_target_"]), path)
    items = config.items() if isinstance(config, dict) else ()
    for key, each in enumerate(config) if isinstance(config, list) else items:
        check_trust(each, f"{path}.{key}")


def check_plain(config: DictConfig, path: Path) -> None:
    """Refuses a run's configuration that looks things up: we write none such, and what it looked up
    (the environment, files) is not its author's.
    """
    for key, value in flat(OmegaConf.to_container(config, resolve=False)).items():
        if isinstance(value, str) and "${" in value:
            raise BdnetError(
                f"{path}: {key} is {value!r}; a run's configuration has nothing left to look up: "
                "do not use this folder, or write the value itself"
            )


def _check_target(target: str, path: str) -> None:
    if target in METHODS:
        return
    found = _found(target) if target.startswith(tuple(f"{each}." for each in TRUSTED)) else None
    # torch.nn.os.system would be found below torch.nn, but is not of it
    home = getattr(found, "__module__", None) or ""
    bases = {each.__name__ for each in found.__mro__} if isinstance(found, type) else set()
    if any(f"{home}.".startswith(f"{each}.") and bases & TRUSTED[each] for each in TRUSTED):
        return
    raise BdnetError(
        f"{path}._target_={target}: a run's folder may only name classes of networks and data, of "
        "bdnet, torch, timm and albumentations; do not use this folder, or mend its config.yaml"
    )


def _found(target: str) -> object:
    """What Hydra would call."""
    try:
        return get_object(target)
    except (ImportError, ValueError):
        return None


def flat(config: Any, path: str = "") -> dict[str, Any]:
    """Every value by its dotted key; items of lists by their numbers."""
    if isinstance(config, DictConfig):
        config = OmegaConf.to_container(config, resolve=True)
    if not isinstance(config, dict | list) or not config:
        return {path: config}
    items = config.items() if isinstance(config, dict) else enumerate(config)
    return {
        name: each
        for key, child in items
        for name, each in flat(child, f"{path}.{key}".lstrip(".")).items()
    }
