"""Brings a run to its end: what it builds on, training, test, what it leaves in writing."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_class, instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet.data.module import ClipDataModule
from bdnet.models.base import VideoModel
from bdnet.models.checkpoints import inherit
from bdnet.runs.composition import composed
from bdnet.runs.identity import digest
from bdnet.runs.prerequisites import builds_on, overrides_of, sources
from bdnet.runs.record import describe, facts_of
from bdnet.runs.run import Run
from bdnet.runs.sweep import is_one_of_many, outside_agent
from bdnet.training.assembly import join
from bdnet.training.distiller import Distiller
from bdnet.training.fitting import fit_and_test
from bdnet.training.processes import check_reached, check_started, is_first, led
from bdnet.training.quiet import hush
from bdnet.training.rehearsal import rehearse
from bdnet.training.settings import check, check_login
from bdnet.training.trainer import make_trainer

log = logging.getLogger(__name__)


def train(
    config: DictConfig,
    choices: dict[str, Any],
    overrides: Sequence[str],
    needed: bool = False,
) -> None:
    """Brings a run to its end, whatever has been done of it before.

    choices:   of the configuration's groups
    overrides: those of the command line; runs that this one builds on share some
    needed:    another run builds on it
    """
    check(config)
    check_login(config.logger)
    data = data_of(config)
    if config.steps:  # a run that only tests needs no training clips
        data.check_planned_videos()
    run = Run(config.folder)
    run.check_folder()
    config = _with(config, classes=config.classes or len(data.dataset.classes))
    if config.requires:
        rehearse(config, data, overrides)
    for each in config.requires:
        _train_needed(each, overrides)
    config = _with(config, identity=digest(config, builds_on(config)))
    command = list(HydraConfig.get().overrides.task)
    facts = facts_of(config, choices, data.dataset.classes, command)
    # another job may need the run that this one is, and be at work on it
    wait = needed or is_one_of_many()
    bare = {"logger": False, "callbacks": [], "enable_checkpointing": False}
    make = partial(make_trainer, config.trainer, **bare)
    with led(make, run.claimed(config, facts, config.overwrite, wait)) as is_open:
        if is_open:
            with _logged(run.folder / "train.log"):
                _announce(run, config, needed)
                _finish(run, config, data)
        elif not needed:
            log.info("%s is finished already", run.folder)


def data_of(config: DictConfig) -> ClipDataModule:
    """The data of a configuration, of which its network gets to see what it reads."""
    network = cast(type[VideoModel], get_class(config.model._target_))
    given = {"images": "all"} if network.images == "all" else {}
    data: ClipDataModule = instantiate(config.data, _convert_="all", **given)
    return data


def _with(config: DictConfig, **changes: Any) -> DictConfig:
    """The same configuration but for these keys."""
    changed = OmegaConf.merge(config, changes)
    assert isinstance(changed, DictConfig)
    return changed


def _train_needed(needed: DictConfig, overrides: Sequence[str]) -> None:
    with outside_agent():
        train_composed(*overrides_of(needed, overrides), needed=True)


def train_composed(chosen: Sequence[str], overrides: Sequence[str], needed: bool = False) -> Path:
    """Trains the run that these overrides compose to; its folder. The others are as in `train`."""
    with composed(chosen) as (config, choices):
        train(config, choices, overrides, needed)
        return Path(config.folder)


def _announce(run: Run, config: DictConfig, needed: bool) -> None:
    what = f"{config.steps} steps of training, then the test" if config.steps else "only the test"
    log.info("%s: %s%s", run.folder, what, "; first, since other runs build on it" * needed)


def _finish(run: Run, config: DictConfig, data: ClipDataModule) -> None:
    hush()
    pl.seed_everything(config.seed, verbose=False)
    distiller = _distiller(config, data)
    loggers = list(instantiate(config.logger, _convert_="all").values())
    callbacks = instantiate(config.callbacks, _convert_="all")
    # Lightning refuses what has nothing to do
    if not config.trainer.enable_progress_bar:
        callbacks.pop("progress", None)
    if not loggers:
        callbacks.pop("rate", None)
    trainer = make_trainer(config.trainer, logger=loggers, callbacks=[*callbacks.values()])
    check_started(trainer)
    student, syncs = distiller.student, bool(config.trainer.sync_batchnorm)
    check_reached(trainer, student.trains_all, syncs, type(student).__name__)
    data.prepare_data()
    status = 1
    try:
        for logger in loggers:
            logger.log_hyperparams(OmegaConf.to_container(config, resolve=True))
        result = fit_and_test(run, trainer, distiller, data, config.checkpoint)
        if is_first():
            run.finish(result)
            log.info("%s", describe(result, run.folder / "metrics.json"))
        status = 0
    finally:
        if (wandb := sys.modules.get("wandb")) is not None:
            wandb.finish(exit_code=status)  # or it would show a crash as finished


def _distiller(config: DictConfig, data: ClipDataModule) -> Distiller:
    student = instantiate(config.model, _convert_="all")
    if folders := sources(config):
        inherit(student, [Run(each).checkpoint("last") for each in folders])
    distiller = join(
        student,
        instantiate(config.teacher, _convert_="all"),
        instantiate(config.loss, _convert_="all"),
        instantiate(config.optimizer, _convert_="all"),
        data.dataset.classes,
        config.interval,
        config.steps,
    )
    distiller.lay_out(config.memory_format)
    if config.compile:
        student.compile()
        distiller.teacher.compile()
    return distiller


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Writes what is logged to a file too, and what stops the run."""
    if not is_first():
        yield
        return
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    except Exception:
        found = sys.exc_info()
        handler.handle(log.makeRecord(log.name, logging.ERROR, "", 0, "stopped", (), found))
        raise
    finally:
        root.removeHandler(handler)
        handler.close()
