"""A whole run: first the runs that it needs, then its training and its test."""

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
from bdnet.runs.composition import composed, folder_of
from bdnet.runs.identity import digest
from bdnet.runs.prerequisites import builds_on, command_line, load_sources, needed_by, overrides_of
from bdnet.runs.record import facts_of, summary
from bdnet.runs.run import Run
from bdnet.runs.sweep import is_sweep_job, outside_agent
from bdnet.training import rehearsal
from bdnet.training.assembly import assemble
from bdnet.training.distiller import Distiller
from bdnet.training.dry_run import dry_run, untrained
from bdnet.training.evaluator import Evaluator
from bdnet.training.fitting import fit, test
from bdnet.training.processes import (
    check_process_count,
    check_unused_parameters,
    enter_on_rank_zero,
    is_rank_zero,
)
from bdnet.training.settings import check, check_login
from bdnet.training.trainer import make_trainer

log = logging.getLogger(__name__)


def train(config: DictConfig, is_needed: bool = False) -> None:
    """Trains and tests a run, continuing where an earlier command stopped.

    Choices and overrides come from HydraConfig.

    is_needed: another run needs this one, so that a finished one needs no message
    """
    check(config)
    check_login(config.logger)
    data = data_of(config)
    if config.evaluates is None:
        data.check_planned_videos()
    else:
        config = _with(config, init_from=folder_of(config.evaluates))
    run = Run(config.folder)
    if config.rehearse:
        _rehearse(run, config, data)
        return
    run.check_folder()
    config = _with(config, classes=config.classes or len(data.dataset.classes))
    overrides = command_line()
    if needed_by(config):
        dry_run(config, data, overrides)
    for experiment in needed_by(config):
        _train_needed(experiment, overrides)
    config = _with(config, identity=digest(config, builds_on(config)))
    facts = facts_of(
        config, dict(HydraConfig.get().runtime.choices), data.dataset.classes, overrides
    )
    # a parallel job may be training the same run, because it needs it too
    wait = is_needed or is_sweep_job()
    bare = {"logger": False, "callbacks": [], "enable_checkpointing": False}
    make = partial(make_trainer, config.trainer, **bare)
    claim = run.claimed(config, facts, config.overwrite, wait)
    with enter_on_rank_zero(make, claim) as is_unfinished:
        if is_unfinished:
            with _logged(run.folder / "train.log"):
                work = "test only" if config.evaluates else f"{config.steps} steps, then the test"
                log.info("%s: %s%s", run.folder, work, "; other runs need it" * is_needed)
                _finish(run, config, data)
        elif not is_needed:
            log.info("%s is finished already", run.folder)


def _rehearse(run: Run, config: DictConfig, data: ClipDataModule) -> None:
    """Says what the runs that are needed and this one take, if they are not finished."""
    config, overrides = (
        _with(config, classes=config.classes or len(data.dataset.classes)),
        command_line(),
    )
    for experiment in needed_by(config):
        _train_needed(experiment, overrides)
    if run.is_finished:
        log.info("%s is finished already", run.folder)
    elif config.folder not in rehearsal.DONE:
        check_process_count(make_trainer(config.trainer, logger=False, enable_checkpointing=False))
        data.prepare_data()
        rehearsal.rehearse(config, untrained(config, data, overrides), data)


def train_composed(overrides: Sequence[str], is_needed: bool = False) -> Path:
    """Trains the run that overrides compose to, and returns its folder."""
    with composed(overrides) as (config, _):
        train(config, is_needed)
        return Path(config.folder)


def data_of(config: DictConfig) -> ClipDataModule:
    """The DataModule of a configuration, which decodes the images that its network reads."""
    network = cast(type[VideoModel], get_class(config.model._target_))
    images = {"images": "all"} if network.images == "all" else {}
    data: ClipDataModule = instantiate(config.data, _convert_="all", **images)
    return data


def _with(config: DictConfig, **changes: Any) -> DictConfig:
    """A copy of a configuration with some keys changed."""
    changed = OmegaConf.merge(config, changes)
    assert isinstance(changed, DictConfig)
    return changed


def _train_needed(experiment: str, overrides: Sequence[str]) -> None:
    with outside_agent():
        train_composed(overrides_of(experiment, overrides), is_needed=True)


def _finish(run: Run, config: DictConfig, data: ClipDataModule) -> None:
    pl.seed_everything(config.seed, verbose=False)
    module = _module(config, data)
    loggers = list(instantiate(config.logger, _convert_="all").values())
    trainer = _trainer(config, loggers)
    check_process_count(trainer)
    student, syncs_batchnorm = module.student, bool(config.trainer.sync_batchnorm)
    check_unused_parameters(trainer, student.trains_all, syncs_batchnorm, type(student).__name__)
    if isinstance(module, Distiller):
        data.prepare_data()
    else:
        data.dataset.prepare([data.tested])
    status = 1
    try:
        for logger in loggers:
            logger.log_hyperparams(OmegaConf.to_container(config, resolve=True))
        fitted = fit(run, trainer, module, data) if isinstance(module, Distiller) else {}
        result = test(run, trainer, module, data, config.checkpoint, fitted)
        if is_rank_zero():
            run.finish(result)
            log.info("%s", summary(result, run.folder / "metrics.json"))
        status = 0
    finally:
        if (wandb := sys.modules.get("wandb")) is not None:
            wandb.finish(exit_code=status)  # without it, a crash would show as finished


def _trainer(config: DictConfig, loggers: list[Any]) -> pl.Trainer:
    callbacks = instantiate(config.callbacks, _convert_="all")
    # Lightning refuses callbacks that have nothing to do
    if not config.trainer.enable_progress_bar:
        callbacks.pop("progress", None)
    if not loggers:
        callbacks.pop("rate", None)
    return make_trainer(config.trainer, logger=loggers, callbacks=[*callbacks.values()])


def _module(config: DictConfig, data: ClipDataModule) -> Evaluator:
    """The LightningModule: a Distiller, or an Evaluator for a run that only tests another one."""
    student = instantiate(config.model, _convert_="all")
    load_sources(student, config)
    module = assemble(config, student, data.dataset.classes)
    module.set_memory_format(config.memory_format)
    if config.compile:
        student.compile()
        if isinstance(module, Distiller):
            module.teacher.compile()
    return module


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Copies log messages to a file, with the traceback of an error that stops the run."""
    if not is_rank_zero():
        yield
        return
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    except Exception:
        error = sys.exc_info()
        handler.handle(log.makeRecord(log.name, logging.ERROR, "", 0, "stopped", (), error))
        raise
    finally:
        root.removeHandler(handler)
        handler.close()
