"""One run's training and test, from where it stands to its numbers."""

import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from bdnet.data.module import ClipDataModule
from bdnet.errors import BdnetError
from bdnet.models.checkpoints import restore
from bdnet.models.weights import UNREADABLE
from bdnet.runs.record import outcome
from bdnet.runs.run import Run
from bdnet.training.distiller import Distiller, NotFinite
from bdnet.training.processes import is_first

log = logging.getLogger(__name__)


def fit_and_test(
    run: Run, trainer: pl.Trainer, distiller: Distiller, data: ClipDataModule, checkpoint: str
) -> dict[str, Any]:
    """What metrics.json is to hold.

    checkpoint: which weights are tested, last or best
    """
    start = time.perf_counter()
    steps = distiller.steps
    if steps:
        _fit(run, trainer, distiller, data)
    fitted = time.perf_counter()
    best = [
        each.best_model_score
        for each in trainer.checkpoint_callbacks
        if isinstance(each, ModelCheckpoint) and each.monitor
    ]
    if steps and checkpoint != "last":
        restore(distiller.student, run.checkpoint(checkpoint))
    with _interruptible():
        trainer.test(distiller, data, verbose=False)
    if not steps:
        trainer.save_checkpoint(run.last, weights_only=False)
    return {
        **outcome(run.facts(), distiller.numbers, data, checkpoint),
        "steps": steps,
        "parameters": sum(each.numel() for each in distiller.student.parameters()),
        "skipped": data.bad_samples.count_by_video(),
        "validation": {"avg_k": float(best[0])} if best and best[0] is not None else None,
        "seconds": {"train": fitted - start, "test": time.perf_counter() - fitted},
    }


def _fit(run: Run, trainer: pl.Trainer, distiller: Distiller, data: ClipDataModule) -> None:
    resumed = run.last if run.last.is_file() else None
    if resumed is not None:
        log.info("goes on from %s", resumed)
        _check_checkpoint(resumed)
    try:
        with _interruptible():
            trainer.fit(distiller, data, ckpt_path=resumed, weights_only=True)
    except NotFinite as error:
        names = "\n  ".join(data.training_names(error.batch))
        raise BdnetError(f"{error}; the batch was\n  {names}") from error
    if is_first():
        run.take_over()
    trainer.save_checkpoint(run.last, weights_only=False)


def _check_checkpoint(path: Path) -> None:
    """Refuses a file that is torn, or holds more than weights and numbers."""
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise BdnetError(
            f"{path}: not a checkpoint that torch.load(weights_only=True) reads, so that training "
            "cannot go on from it; bring it back from a copy, or begin anew with overwrite=true"
        ) from error


@contextmanager
def _interruptible() -> Iterator[None]:
    """An interrupt stays one: Lightning makes an exit of it, and then ignores further ones."""
    try:
        yield
    except SystemExit as end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if isinstance(end.__context__, KeyboardInterrupt):
            raise end.__context__ from None
        raise
