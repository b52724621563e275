"""Checks of settings that constructors do not check, or only after long work."""

import os
from collections.abc import Iterator
from math import isnan
from netrc import NetrcParseError, netrc
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bdnet.errors import BdnetError
from bdnet.runs.keys import check_value, kind_of

# least allowed values; where the least is an int, only whole numbers are allowed
LEAST: dict[str, int | float] = {
    "data.dataset.processes": 0, "callbacks.examples.clips": 0, "teacher.groups": 1,
    "optimizer.optimizer.weight_decay": 0.0, "optimizer.optimizer.momentum": 0.0,
    "trainer.accumulate_grad_batches": 1, "trainer.gradient_clip_val": 0.0,
    "trainer.log_every_n_steps": 1,
}  # fmt: skip
# keys of any loss term; True where 0 is not allowed
LOSS_KEYS = {"weight": False, "share": False, "tau": True, "alpha": True}
NETWORK_KEYS = ("dilations", "channels")  # lists of whole numbers from 1 on
OPTIONAL = ("classes", "trainer.gradient_clip_val")  # may be null
# of needed runs too, which no command line sets
OWN = ("seed", "classes", "interval", "steps", "validate_every", "checkpoint_every", "checkpoint")


def check(config: DictConfig) -> None:
    """Refuses values that make no sense, before any needed run is trained."""
    for key in OWN:
        if config[key] is not None or key not in OPTIONAL:
            check_value(key, config[key], kind_of("train", key))
    for key, least in LEAST.items():
        value = OmegaConf.select(config, key)
        if value is None and (key in OPTIONAL or not _is_there(config, key)):
            continue
        if not _is_number(value, whole=isinstance(least, int)) or value < least:
            kind = "a whole number" if isinstance(least, int) else "a number"
            raise BdnetError(f"{key}={value}: {kind} from {least:g} on")
    _check_losses(config)
    _check_networks(config)
    _check_checkpoint(config)


def _check_losses(config: DictConfig) -> None:
    for path, name, value in _leaves(config.loss, "loss"):
        if name in LOSS_KEYS:
            is_positive = LOSS_KEYS[name]
            allowed = "above 0" if is_positive else "from 0 on"
            if not _is_number(value) or value < 0 or (is_positive and not value):
                raise BdnetError(f"{path}={value}: a number {allowed}")


def _check_networks(config: DictConfig) -> None:
    for part in ("model", "teacher"):
        for path, name, value in _leaves(config[part], part):
            if name not in NETWORK_KEYS:
                continue
            items = value if isinstance(value, list) else []
            if not items or not all(_is_number(item, whole=True) and item > 0 for item in items):
                raise BdnetError(f"{path}={value}: a list of whole numbers from 1 on, as in [6,12]")


def _check_checkpoint(config: DictConfig) -> None:
    if config.checkpoint == "best" and config.validate_every > config.steps:
        raise BdnetError(
            f"checkpoint=best: with validate_every={config.validate_every} there is none in "
            f"steps={config.steps}; validate more often, or use checkpoint=last"
        )


def check_login(logger: DictConfig) -> None:
    """Refuses Weights & Biases without a login, which it asks for only when training starts."""
    if "wandb" not in logger or logger.wandb.get("offline"):
        return
    if os.environ.get("WANDB_MODE", "online") != "online" or _has_key():
        return
    raise BdnetError(
        "logger=wandb: not logged in to Weights & Biases; run `wandb login` once, or set "
        "WANDB_API_KEY; without an account: logger.wandb.offline=true"
    )


def _has_key() -> bool:
    if any(os.environ.get(name) for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")):
        return True
    try:
        if any("wandb" in host for host in netrc(os.environ.get("NETRC")).hosts):
            return True
    except (OSError, NetrcParseError):
        pass
    import wandb  # noqa: PLC0415 - takes seconds

    try:
        return bool(wandb.login(prompt=False, verify=False))  # its settings' files
    except TypeError:  # of versions that can only ask
        return False


def _is_there(config: DictConfig, key: str) -> bool:
    node, _, name = key.rpartition(".")
    parent = OmegaConf.select(config, node) if node else config
    return isinstance(parent, DictConfig) and name in parent


def _is_number(value: Any, whole: bool = False) -> bool:
    kinds = int if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and not isnan(value)


def _leaves(config: DictConfig, path: str) -> Iterator[tuple[str, str, Any]]:
    """Dotted path, last key and value of every leaf."""

    def walk(node: Any, path: str) -> Iterator[tuple[str, str, Any]]:
        for name, value in node.items() if isinstance(node, dict) else ():
            if isinstance(value, dict):
                yield from walk(value, f"{path}.{name}")
            else:
                yield f"{path}.{name}", str(name), value

    yield from walk(OmegaConf.to_container(config, resolve=True), path)
