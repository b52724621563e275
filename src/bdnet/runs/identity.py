"""A run's identity: a digest of the settings that its results depend on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from bdnet.data.prepare import digest as digest_of
from bdnet.errors import BdnetError

# Keys that results do not depend on, or only through others: a run that weights come from counts
# by its digest, and backbone and recipe by the values that the model and other nodes take from them
NOT_IN_DIGEST = (
    "backbone", "callbacks.best.dirpath", "callbacks.examples", "callbacks.last",
    "callbacks.loader_monitor", "checkpoint_every", "data.bad_samples_at_most",
    "data.dataset.processes", "data.on_bad_sample", "data.prefetch", "data.workers", "folder",
    "identity", "init_from", "logger", "name", "needs", "overwrite", "recipe", "rehearse", "runs",
    "teacher.model.run", "trainer.default_root_dir", "trainer.enable_progress_bar",
    "trainer.log_every_n_steps",
)  # fmt: skip
# A run folder may come from a stranger, and its configuration names code to call. It may name only
# classes of these modules with one of these bases, since some of torch's are harmful to construct.
TRUSTED = {
    "albumentations": {"BasicTransform", "BaseCompose"},
    "bdnet.codec.encoding": {"Encoding"},
    "bdnet.data": {"object"},
    "bdnet.models": {"Module"},
    "timm": {"Module"},
    "torch.nn": {"Module"},
}
TRUSTED_METHODS = ("bdnet.data.classes.Classes.read",)


def digest(config: DictConfig, builds_on: Mapping[str, str]) -> str:
    """Ten hexadecimal digits that differ wherever results could.

    builds_on: the digests of the runs that weights come from
    """
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    for key in NOT_IN_DIGEST:
        *path, name = key.split(".")
        node: Any = plain
        for part in path:
            node = node.get(part) or {}
        node.pop(name, None)
    return digest_of(plain, dict(builds_on))


def differences(earlier: DictConfig, current: DictConfig, limit: int = 5) -> list[str]:
    """The settings that differ between two configurations, as `key earlier -> current`."""
    old, new = flat(earlier), flat(current)
    changes = [
        f"{key} {old.get(key, 'unset')} -> {new.get(key, 'unset')}"
        for key in sorted({*old, *new})
        if old.get(key, "unset") != new.get(key, "unset") and not key.startswith(NOT_IN_DIGEST)
    ]
    rest = len(changes) - limit
    return changes[:limit] + ([f"and {rest} more"] if rest > 0 else [])


def check_trust(config: Any, path: str = "config") -> None:
    """Refuses a configuration with a `_target_` other than a class of networks or data."""
    if isinstance(config, DictConfig):
        config = OmegaConf.to_container(config, resolve=True)
    if isinstance(config, dict) and "_target_" in config:
        _check_target(str(config["_target_"]), path)
        if strange := {"_args_", "_recursive_"} & config.keys():
            raise BdnetError(f"{path}: {min(strange)}: no run has this key; do not use this folder")
    items = config.items() if isinstance(config, dict) else ()
    for key, value in enumerate(config) if isinstance(config, list) else items:
        check_trust(value, f"{path}.{key}")


def check_plain(config: DictConfig, path: Path) -> None:
    """Refuses a run's config.yaml with interpolations, which could read this machine's environment.

    Runs are stored with all values resolved.
    """
    for key, value in flat(OmegaConf.to_container(config, resolve=False)).items():
        if isinstance(value, str) and "${" in value:
            raise BdnetError(
                f"{path}: {key} is {value!r}; a run's configuration holds no interpolations: "
                "do not use this folder, or write the value itself"
            )


def _check_target(target: str, path: str) -> None:
    if target in TRUSTED_METHODS:
        return
    value = _located(target) if target.startswith(tuple(f"{name}." for name in TRUSTED)) else None
    # the module that defines it: torch.nn.os.system can be reached through torch.nn
    home = getattr(value, "__module__", None) or ""
    bases = {base.__name__ for base in value.__mro__} if isinstance(value, type) else set()
    if any(f"{home}.".startswith(f"{name}.") and bases & TRUSTED[name] for name in TRUSTED):
        return
    raise BdnetError(
        f"{path}._target_={target}: a run's folder may only name classes of networks and data, of "
        "bdnet, torch, timm and albumentations; do not use this folder, or correct its config.yaml"
    )


def _located(target: str) -> object:
    """The object that Hydra would call; None where there is none."""
    try:
        return get_object(target)
    except (ImportError, ValueError):
        return None


def flat(config: Any, path: str = "") -> dict[str, Any]:
    """All values by dotted key; items of lists by their index."""
    if isinstance(config, DictConfig):
        config = OmegaConf.to_container(config, resolve=True)
    if not isinstance(config, dict | list) or not config:
        return {path: config}
    items = config.items() if isinstance(config, dict) else enumerate(config)
    return {
        name: value
        for key, child in items
        for name, value in flat(child, f"{path}.{key}".lstrip(".")).items()
    }
