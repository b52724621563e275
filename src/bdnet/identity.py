"""What a run is known by: its configuration, without what its numbers do not depend on."""

from collections.abc import Mapping
from pydoc import locate
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bdnet.data.prepare import digest as digest_of
from bdnet.errors import BdnetError

# what a run's numbers do not depend on: of runs that it builds on, their digests count, and of
# backbone and recipe, what the model and others take from them
APART = (
    "backbone", "callbacks.best.dirpath", "callbacks.exhibits", "callbacks.last",
    "checkpoint_every", "data.bad_samples_at_most", "data.dataset.processes", "data.on_bad_sample",
    "data.prefetch", "data.workers", "folder",
    "identity", "init_from", "logger", "name", "overwrite", "recipe", "requires", "runs",
    "teacher.model.run", "trainer.default_root_dir", "trainer.enable_progress_bar",
    "trainer.log_every_n_steps",
)  # fmt: skip
# a run's folder may come from a stranger, and its configuration names code to run
TRUSTED = ("bdnet", "torch", "timm", "albumentations")


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
    was, is_ = _flat(one), _flat(other)
    found = [
        f"{key} {was.get(key, 'unset')} -> {is_.get(key, 'unset')}"
        for key in sorted({*was, *is_})
        if was.get(key, "unset") != is_.get(key, "unset") and not key.startswith(APART)
    ]
    return found[:most] + ([f"and {len(found) - most} more"] if len(found) > most else [])


def check_trust(config: Any, path: str = "config") -> None:
    """Refuses a configuration that names other code to run than networks' own classes."""
    if isinstance(config, DictConfig):
        config = OmegaConf.to_container(config, resolve=True)
    if isinstance(config, dict) and "_target_" in config:
        _check_target(str(config["_target_"]), path)
    items = config.items() if isinstance(config, dict) else ()
    for key, each in enumerate(config) if isinstance(config, list) else items:
        check_trust(each, f"{path}.{key}")


def _check_target(target: str, path: str) -> None:
    # torch.os.system is found below torch, but is not torch's
    found = locate(target) if target.partition(".")[0] in TRUSTED else None
    home = getattr(found, "__module__", "").partition(".")[0]
    if not isinstance(found, type) or home not in TRUSTED:
        raise BdnetError(
            f"{path}._target_={target}: a run's folder may only name classes of "
            f"{', '.join(TRUSTED)}; do not use this folder, or mend its config.yaml"
        )


def _flat(config: Any, path: str = "") -> dict[str, Any]:
    if isinstance(config, DictConfig):
        config = OmegaConf.to_container(config, resolve=True)
    if not isinstance(config, dict | list) or not config:
        return {path: config}
    items = config.items() if isinstance(config, dict) else enumerate(config)
    return {
        name: each
        for key, child in items
        for name, each in _flat(child, f"{path}.{key}".lstrip(".")).items()
    }
