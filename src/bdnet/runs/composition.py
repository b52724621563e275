"""Composes a run's configuration from the command line, and derives the run's name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import lru_cache
from hashlib import sha256
from typing import Any

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from bdnet.runs.identity import NOT_IN_DIGEST
from bdnet.runs.prerequisites import command_line, override_key, overrides_of

# keys whose values the beginning of a name and the folder already show
SHOWN = {"backbone", "data", "experiment", "model.backbone", "recipe", "seed", "sweep"}
# keys that never appear in a name: results do not depend on them, or they are paths of data
HIDDEN = {*NOT_IN_DIGEST, "data.dataset.root", "hydra", "identity"} - {
    *("backbone", "init_from", "needs", "recipe", "teacher.model.run"),
}
MAX_LENGTH = 60  # characters of a value in a folder's name


@contextmanager
def composed(overrides: Sequence[str]) -> Iterator[tuple[DictConfig, dict[str, Any]]]:
    """The configuration that overrides compose to, and the chosen config of each group."""
    whole = compose("train", list(overrides), return_hydra_config=True)
    config, choices = _split(whole)
    previous = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(whole)  # so that ${hydra:...} resolves to this run's values
    config.name = config.name  # resolved while they are in force
    try:
        yield config, choices
    finally:
        HydraConfig.instance().cfg = previous


def _split(whole: DictConfig) -> tuple[DictConfig, dict[str, Any]]:
    """A configuration without its `hydra` node, and the choices of groups from that node."""
    config = copy(whole)
    with open_dict(config):
        del config["hydra"]
    return config, dict(whole.hydra.runtime.choices)


def run_name(config: DictConfig) -> str:
    """A run's name: its main choices, then every other setting that the command line changed.

    streets/bdnet-resnet18              train
    streets/bdnet-resnet18/interval=3   train interval=3
    short/table2/resnet50/mv            train experiment=table2/mv recipe=short backbone=resnet50
    """
    hydra = HydraConfig.get()
    choices, experiment = hydra.runtime.choices, hydra.runtime.choices.get("experiment")
    backbone = OmegaConf.select(config, "model.backbone")
    shown = set(SHOWN)
    if experiment is None:
        shown.add("model")
        network = f"{choices['model']}-{backbone or config.backbone}"
        parts = [choices["data"], network]
    else:
        recipe = config.recipe.name
        if recipe != choices["data"]:
            shown.remove("data")
        family, _, row = experiment.partition("/")
        parts = [recipe, family, backbone, row]
    changes = _changes(config, choices, command_line(), shown)
    return "/".join([*filter(None, parts), *changes])


def folder_of(experiment: str) -> str:
    """The run folder of an experiment that the run being composed needs."""
    return _folder(tuple(overrides_of(experiment, command_line())))


@lru_cache
def _folder(overrides: tuple[str, ...]) -> str:
    """The folder of the run that these overrides compose to."""
    with composed(overrides) as (config, _):
        return str(config.folder)


def _changes(
    config: DictConfig, choices: Mapping[str, Any], overrides: Sequence[str], shown: set[str]
) -> list[str]:
    """`key=value` of each override that changes a default and is not shown yet, sorted."""
    by_key = {override_key(override): override for override in overrides}
    defaults, default_choices = _defaults(
        tuple(override for key, override in by_key.items() if key in shown)
    )
    # a recipe with a name of its own is recognised by that
    hidden = {*HIDDEN, "recipe"} if "recipe.name" in by_key else HIDDEN
    changes = []
    for key, override in by_key.items():
        if key in shown or any(f"{key}.".startswith(f"{prefix}.") for prefix in hidden):
            continue
        is_choice = key in choices
        value = choices[key] if is_choice else _value(config, key)
        if value != (default_choices.get(key) if is_choice else _value(defaults, key)):
            is_group = isinstance(value, DictConfig)  # such as loss=[segmentation,inner]
            text = override.partition("=")[2] if is_group else str(value)
            changes.append(f"{key}={_short(text)}")
    return sorted(changes)


@lru_cache
def _defaults(overrides: tuple[str, ...]) -> tuple[DictConfig, dict[str, Any]]:
    """The configuration and choices of a command line without its further changes."""
    return _split(compose("train", list(overrides), return_hydra_config=True))


def _value(config: DictConfig, key: str) -> Any:
    """The value at a dotted key; None where its interpolation cannot be resolved."""
    try:
        return OmegaConf.select(config, key)
    except OmegaConfBaseException:
        return None


def _short(value: str) -> str:
    """A value as part of a folder's name."""
    plain = re.sub(r"[^\w.\-]+", "+", value.strip("[]{}'\" ")).strip("+") or "none"
    if len(plain) <= MAX_LENGTH:
        return plain
    return f"{plain[: MAX_LENGTH - 9]}-{sha256(value.encode()).hexdigest()[:8]}"
