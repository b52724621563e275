"""Builds all parts of a run before the long training of the runs that it needs."""

from collections.abc import Iterator, Sequence
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet.data.module import ClipDataModule
from bdnet.runs.composition import composed
from bdnet.runs.prerequisites import load_sources, needed_by, overrides_of, sources
from bdnet.runs.run import Run
from bdnet.training.assembly import assemble
from bdnet.training.processes import check_process_count
from bdnet.training.settings import check
from bdnet.training.trainer import make_trainer


def dry_run(config: DictConfig, data: ClipDataModule, overrides: Sequence[str]) -> None:
    """Raises errors that would otherwise appear only after the needed runs are trained.

    An untrained network stands in for a teacher that is not trained yet.
    """
    networks = dict(_needed_networks(config, overrides))
    if all(Run(folder).is_finished for folder in networks):
        return
    check_process_count(make_trainer(config.trainer, logger=False, enable_checkpointing=False))
    student = instantiate(config.model, _convert_="all")
    if not networks.keys() & set(sources(config)):
        load_sources(student, config)
    teacher = networks.get(OmegaConf.select(config, "teacher.model.run"))
    assemble(config, student, data.dataset.classes, teacher)
    data.prepare_data()
    if config.evaluates is None:
        data.train_dataloader()


def _needed_networks(config: DictConfig, overrides: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The folders of the runs that this one needs, and their untrained networks."""
    for experiment in needed_by(config):
        with composed(overrides_of(experiment, overrides)) as (needed, _):
            needed.classes = needed.classes or config.classes
            check(needed)
            weights = {"weights": "none"} if "weights" in needed.model else {}
            yield needed.folder, instantiate(needed.model, _convert_="all", **weights)
