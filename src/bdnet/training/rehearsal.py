"""What a run is made of, tried before the runs that it builds on are trained, which takes long."""

from collections.abc import Iterator, Sequence
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet.data.module import ClipDataModule
from bdnet.models.checkpoints import inherit
from bdnet.runs.composition import composed
from bdnet.runs.prerequisites import overrides_of, sources
from bdnet.runs.run import Run
from bdnet.training.assembly import join
from bdnet.training.processes import check_started
from bdnet.training.settings import check
from bdnet.training.trainer import make_trainer


def rehearse(config: DictConfig, data: ClipDataModule, overrides: Sequence[str]) -> None:
    """Refuses now what would be refused only when the runs that this one builds on are trained.

    An untrained network stands in for a teacher that is not there yet.
    """
    made = dict(_made(config, overrides))
    if all(Run(folder).is_finished for folder in made):
        return
    check_started(make_trainer(config.trainer, logger=False, enable_checkpointing=False))
    student = instantiate(config.model, _convert_="all")
    folders = sources(config)
    if folders and not made.keys() & set(folders):
        inherit(student, [Run(each).checkpoint("last") for each in folders])
    stand_in = made.get(OmegaConf.select(config, "teacher.model.run"))
    join(
        student,
        instantiate(
            config.teacher, _convert_="all", **({"model": stand_in} if stand_in is not None else {})
        ),
        instantiate(config.loss, _convert_="all"),
        instantiate(config.optimizer, _convert_="all"),
        data.dataset.classes,
        config.interval,
        config.steps,
    )
    data.prepare_data()
    if config.steps:  # a run that only tests needs no training clips
        data.train_dataloader()


def _made(config: DictConfig, overrides: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The folders of the runs that this one builds on, and their untrained networks."""
    for each in config.requires:
        with composed(overrides_of(each, overrides)[0]) as (needed, _):
            needed.classes = needed.classes or config.classes
            check(needed)
            given = {"weights": "none"} if "weights" in needed.model else {}
            yield needed.folder, instantiate(needed.model, _convert_="all", **given)
