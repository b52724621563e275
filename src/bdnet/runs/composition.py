"""From the command line to a run's configuration, and what the run is called."""

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

from bdnet.runs.identity import APART
from bdnet.runs.prerequisites import command_line, overrides_of

# what a name or a folder says already
IN_NAME = {"backbone", "data", "experiment", "model.backbone", "recipe", "seed", "sweep"}
# what a run is not told apart by: what its numbers do not depend on, and where its data lie
SILENT = {*APART, "data.dataset.root", "hydra", "identity"} - {
    *("backbone", "init_from", "needs", "recipe", "teacher.model.run"),
}
LONGEST = 60  # characters of a value in a folder's name


@contextmanager
def composed(chosen: Sequence[str]) -> Iterator[tuple[DictConfig, dict[str, Any]]]:
    """The configuration that overrides compose to, and the choices of its groups."""
    whole = compose("train", list(chosen), return_hydra_config=True)
    config, choices = _parted(whole)
    ours = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(whole)  # ${hydra:...} means that of this run
    config.name = config.name  # and from here on no other
    try:
        yield config, choices
    finally:
        HydraConfig.instance().cfg = ours


def _parted(whole: DictConfig) -> tuple[DictConfig, dict[str, Any]]:
    """A configuration without Hydra's part, and the choices of its groups, which stand there."""
    config = copy(whole)
    with open_dict(config):
        del config["hydra"]
    return config, dict(whole.hydra.runtime.choices)


def run_name(config: DictConfig) -> str:
    """What a run is called: what was chosen, and below that whatever else the command changed.

    streets/bdnet-resnet18              train
    streets/bdnet-resnet18/interval=3   train interval=3
    short/table2/resnet50/mv            train experiment=table2/mv recipe=short backbone=resnet50
    """
    hydra = HydraConfig.get()
    choices, experiment = hydra.runtime.choices, hydra.runtime.choices.get("experiment")
    backbone = OmegaConf.select(config, "model.backbone")
    named = set(IN_NAME)
    if experiment is None:
        named.add("model")
        network = f"{choices['model']}-{backbone or config.backbone}"
        parts = [choices["data"], network]
    else:
        recipe = config.recipe.name
        if recipe != choices["data"]:
            named.remove("data")
        family, _, row = experiment.partition("/")
        parts = [recipe, family, backbone, row]
    changes = _changes(config, choices, command_line(), named)
    return "/".join([*filter(None, parts), *changes])


def folder_of(experiment: str) -> str:
    """The folder of the run of an experiment that the run being composed needs."""
    return _folder(tuple(overrides_of(experiment, command_line())))


@lru_cache
def _folder(chosen: tuple[str, ...]) -> str:
    """The folder of the run that these overrides compose to."""
    with composed(chosen) as (config, _):
        return str(config.folder)


def _changes(
    config: DictConfig, choices: Mapping[str, Any], overrides: Sequence[str], named: set[str]
) -> list[str]:
    """`key=value` of what overrides changed besides what is in the name, sorted."""
    said = {re.split(r"[=@]", each.lstrip("+~"))[0]: each for each in overrides}
    usual, usual_choices = _usual(tuple(each for key, each in said.items() if key in named))
    found = []
    silent = {*SILENT, "recipe"} if "recipe.name" in said else SILENT  # which names them all
    for key, override in said.items():
        if key in named or any(f"{key}.".startswith(f"{each}.") for each in silent):
            continue
        is_choice = key in choices
        value = choices[key] if is_choice else _value(config, key)
        if value != (usual_choices.get(key) if is_choice else _value(usual, key)):
            is_group = isinstance(value, DictConfig)  # of which several are chosen
            found.append(f"{key}={_short(override.partition('=')[2] if is_group else str(value))}")
    return sorted(found)


@lru_cache
def _usual(chosen: tuple[str, ...]) -> tuple[DictConfig, dict[str, Any]]:
    """The same choices with nothing changed."""
    return _parted(compose("train", list(chosen), return_hydra_config=True))


def _value(config: DictConfig, key: str) -> Any:
    """What stands there; None where it refers to what is not there."""
    try:
        return OmegaConf.select(config, key)
    except OmegaConfBaseException:
        return None


def _short(value: str) -> str:
    """A value as part of a folder's name."""
    plain = re.sub(r"[^\w.\-]+", "+", value.strip("[]{}'\" ")).strip("+") or "none"
    if len(plain) <= LONGEST:
        return plain
    return f"{plain[: LONGEST - 9]}-{sha256(value.encode()).hexdigest()[:8]}"
