"""Builds all parts of a run before the long training of the runs that it needs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet.data.module import ClipDataModule
from bdnet.runs.composition import composed
from bdnet.runs.prerequisites import load_sources, needed_by, overrides_of, sources
from bdnet.runs.run import Run
from bdnet.training.assembly import assemble
from bdnet.training.evaluator import Evaluator
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
    _assemble(config, data, networks)
    data.prepare_data()
    if config.evaluates is None:
        data.train_dataloader()


def untrained(config: DictConfig, data: ClipDataModule, overrides: Sequence[str]) -> Evaluator:
    """The LightningModule of a run, with untrained networks where needed runs are not trained."""
    needed = _needed_networks(config, overrides)
    networks = {folder: network for folder, network in needed if not Run(folder).is_finished}
    module = _assemble(config, data, networks)
    module.set_memory_format(config.memory_format)
    return module


def _assemble(config: DictConfig, data: ClipDataModule, networks: Mapping[str, Any]) -> Evaluator:
    """Joins a run's parts; the networks stand in for those of untrained runs, by folder."""
    student = instantiate(config.model, _convert_="all")
    if not networks.keys() & set(sources(config)):
        load_sources(student, config)
    teacher = networks.get(OmegaConf.select(config, "teacher.model.run"))
    return assemble(config, student, data.dataset.classes, teacher)


def _needed_networks(config: DictConfig, overrides: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The folders of the runs that this one needs, and their untrained networks."""
    for experiment in needed_by(config):
        with composed(overrides_of(experiment, overrides)) as (needed, _):
            needed.classes = needed.classes or config.classes
            check(needed)
            weights = {"weights": "none"} if "weights" in needed.model else {}
            yield needed.folder, instantiate(needed.model, _convert_="all", **weights)
