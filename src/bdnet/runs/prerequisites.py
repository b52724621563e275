"""What a run builds on: the runs that are trained before it, and whose weights it takes."""

import re
from collections.abc import Sequence

from omegaconf import DictConfig, ListConfig, OmegaConf

from bdnet.runs.run import Run

# what a run that another one builds on takes over from the command line
INHERITED = {
    "augmentation", "backbone", "checkpoint_every", "compile", "data", "interval", "logger",
    "memory_format", "recipe", "runs", "sweep", "trainer",
}  # fmt: skip


def overrides_of(needed: DictConfig, overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a needed run is composed of, and what the runs that it needs itself are told.

    needed:    an entry of `requires`
    overrides: of the run that needs it
    """
    own = [f"{key!s}={'null' if value is None else value}" for key, value in needed.items()]
    kept = [each for each in overrides if re.split(r"\W", each.lstrip("+~"))[0] in INHERITED]
    return [*kept, *own], [*overrides, *own]


def sources(config: DictConfig) -> list[str]:
    """The folders of runs that the student's weights come from."""
    given = config.init_from
    if given is None:
        return []
    return list(given) if isinstance(given, ListConfig) else [given]


def builds_on(config: DictConfig) -> dict[str, str]:
    """The digests of the runs that weights come from."""
    teacher = OmegaConf.select(config, "teacher.model.run")
    found = {"init_from": sources(config), "teacher": [] if teacher is None else [teacher]}
    return {
        key: " ".join(Run(each).identity() for each in folders)
        for key, folders in found.items()
        if folders
    }
