"""A few steps of each run, to say beforehand what the whole training takes."""

import logging
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig
from pytorch_lightning import Callback, LightningModule, Trainer

from bdnet.data.loading import Loader
from bdnet.data.module import ClipDataModule
from bdnet.training.distiller import Distiller
from bdnet.training.evaluator import Evaluator
from bdnet.training.processes import is_rank_zero
from bdnet.training.progress import Progress
from bdnet.training.trainer import make_trainer

log = logging.getLogger(__name__)

WARMUP, MEASURED = 3, 8  # steps: workers start and the device warms up; then it is measured
EVALUATED = 3  # batches of validation and of each part of the test


class Rehearsal(NamedTuple):
    """What a run takes.

    step:    seconds of a training step, waiting included; None for a run that only tests
    waiting: the share of it spent waiting for clips
    memory:  bytes, at most, of the GPU or else of this process
    hours:   of the whole run
    disk:    bytes of its checkpoints
    """

    step: float | None
    waiting: float
    memory: int
    hours: float
    disk: int

    def __str__(self) -> str:
        steps = "" if self.step is None else (
            f"{self.step:.2f} s a step ({100 * self.waiting:.0f} % of it waiting for clips), "
        )  # fmt: skip
        return f"{steps}{self.memory / 1e9:.1f} GB of memory; in all {amount([self])}"


def amount(rehearsals: list[Rehearsal]) -> str:
    """Time and space of several runs together."""
    hours = sum(rehearsal.hours for rehearsal in rehearsals)
    disk = sum(rehearsal.disk for rehearsal in rehearsals)
    time_needed = f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.1f} min"
    return f"{time_needed}, {disk / 1e6:.0f} MB on disk"


class Stopwatch(Callback):
    """Measures training steps, and batches of validation and of each part of the test."""

    def __init__(self) -> None:
        self.step = self.waiting = 0.0
        self._steps = 0
        self._start = self._waited = 0.0
        self._starts: dict[tuple[str, int], float] = {}
        self._means: dict[tuple[str, int], float] = {}

    def mean(self, task: str, part: int = 0) -> float:
        """Seconds of a batch; 0 where there was none."""
        return self._means.get((task, part), 0.0)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if trainer.global_step == self._steps:
            return  # gradients are accumulated
        self._steps = trainer.global_step
        if pl_module.on_gpu:
            torch.cuda.synchronize(pl_module.device)
        loader = trainer.train_dataloader
        assert isinstance(loader, Loader)
        if self._steps == WARMUP:
            self._start, self._waited = time.monotonic(), loader.wait_seconds
        elif self._steps > WARMUP:
            seconds = time.monotonic() - self._start
            self.step = seconds / (self._steps - WARMUP)
            self.waiting = (loader.wait_seconds - self._waited) / seconds

    def on_validation_batch_start(self, *_: Any) -> None:
        self._begin("validation", 0)

    def on_validation_batch_end(self, trainer: Trainer, *arguments: Any) -> None:  # noqa: ARG002
        self._end("validation", 0, arguments[3])

    def on_test_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int,  # noqa: ARG002
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        self._begin("test", dataloader_idx)

    def on_test_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any,  # noqa: ARG002
        batch_idx: int, dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        self._end("test", dataloader_idx, batch_idx)

    def _begin(self, task: str, part: int) -> None:
        self._starts.setdefault((task, part), time.monotonic())

    def _end(self, task: str, part: int, batch: int) -> None:
        self._means[task, part] = (time.monotonic() - self._starts[task, part]) / (batch + 1)


DONE: dict[str, Rehearsal] = {}  # by folder: the runs of a sweep, each once


def rehearse(config: DictConfig, module: Evaluator, data: ClipDataModule) -> None:
    """Trains, validates and tests for a few batches, logs what all takes, and leaves nothing."""
    watch = Stopwatch()
    is_trained = isinstance(module, Distiller)
    with TemporaryDirectory() as folder:
        trainer = _trainer(config, folder, watch)
        pl.seed_everything(config.seed, verbose=False)
        if is_trained:
            trainer.fit(module, data)
        trainer.test(module, data, verbose=False)
        checkpoint = Path(folder) / "last.ckpt"
        trainer.save_checkpoint(checkpoint, weights_only=not is_trained)
        disk = checkpoint.stat().st_size if trainer.is_global_zero else 0  # others write none
    seconds = sum(
        watch.mean("test", part) * len(loader) for part, loader in enumerate(data.test_dataloader())
    )
    if is_trained:
        validations = config.steps // config.validate_every
        seconds += validations * watch.mean("validation") * len(data.val_dataloader())
        seconds += watch.step * config.steps
        disk += sum(weight.nbytes for weight in module.student.parameters())  # the best one
    step = watch.step if is_trained else None
    DONE[config.folder] = Rehearsal(step, watch.waiting, _memory(), seconds / 3600, disk)
    if is_rank_zero():
        log.info("rehearsed %s: %s", config.folder, DONE[config.folder])
        if len(DONE) > 1:
            log.info("these %d runs together: %s", len(DONE), amount([*DONE.values()]))


def _trainer(config: DictConfig, folder: str, watch: Stopwatch) -> Trainer:
    settings = config.trainer.copy()
    settings.max_steps = WARMUP + MEASURED
    settings.val_check_interval = settings.max_steps * settings.accumulate_grad_batches
    bars = [Progress()] if settings.enable_progress_bar else []
    return make_trainer(
        settings, logger=False, callbacks=[watch, *bars], enable_checkpointing=False,
        limit_val_batches=EVALUATED, limit_test_batches=EVALUATED, default_root_dir=folder,
    )  # fmt: skip


def _memory() -> int:
    """Bytes that the GPU, or else this process, has used at most."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
