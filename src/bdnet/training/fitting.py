"""A run's training and test by Lightning, from where it stands to its numbers."""

import logging
import signal
import time
from collections.abc import Iterator, Mapping
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
from bdnet.training.evaluator import Evaluator
from bdnet.training.processes import is_rank_zero

log = logging.getLogger(__name__)


def fit(run: Run, trainer: pl.Trainer, module: Distiller, data: ClipDataModule) -> dict[str, Any]:
    """Trains, from the last checkpoint on where there is one; what metrics.json says of it."""
    start = time.perf_counter()
    resumed = run.last if run.last.is_file() else None
    if resumed is not None:
        log.info("goes on from %s", resumed)
        _check_checkpoint(resumed)
    try:
        with _interruptible():
            trainer.fit(module, data, ckpt_path=resumed, weights_only=True)
    except NotFinite as error:
        names = "\n  ".join(data.training_names(error.batch))
        raise BdnetError(f"{error}; the batch was\n  {names}") from error
    if is_rank_zero():
        run.adopt_slurm_checkpoints()
    trainer.save_checkpoint(run.last, weights_only=False)
    scores = [
        callback.best_model_score
        for callback in trainer.checkpoint_callbacks
        if isinstance(callback, ModelCheckpoint) and callback.best_model_score is not None
    ]
    return {
        "steps": module.steps,
        "validation": {"avg_k": float(scores[0])} if scores else None,
        "seconds": {"train": time.perf_counter() - start},
    }


def test(
    run: Run,
    trainer: pl.Trainer,
    module: Evaluator,
    data: ClipDataModule,
    checkpoint: str,
    fitted: Mapping[str, Any],
) -> dict[str, Any]:
    """Tests, and gives what metrics.json is to hold.

    checkpoint: which weights are tested, last or best
    fitted:     what the training was; {} where there was none
    """
    start = time.perf_counter()
    if fitted and checkpoint != "last":
        restore(module.student, run.checkpoint(checkpoint))
    with _interruptible():
        trainer.test(module, data, verbose=False)
    if not fitted:
        trainer.save_checkpoint(run.last, weights_only=True)
    training = {"steps": 0, "validation": None, "seconds": {"train": 0.0}, **fitted}
    return {
        **outcome(run.facts(), module.numbers, data, checkpoint),
        **training,
        "parameters": sum(weight.numel() for weight in module.student.parameters()),
        "skipped": data.bad_samples.count_by_video(),
        "seconds": {**training["seconds"], "test": time.perf_counter() - start},
    }


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
    """Re-raises an interrupt, which Lightning turns into an exit, and heeds further ones."""
    try:
        yield
    except SystemExit as end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if isinstance(end.__context__, KeyboardInterrupt):
            raise end.__context__ from None
        raise
