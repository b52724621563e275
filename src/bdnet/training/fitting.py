"""Trains and tests a run by Lightning, resuming from its last checkpoint."""

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
    """Trains, from the last checkpoint if there is one; returns its entries of metrics.json."""
    start = time.perf_counter()
    resumed = run.last if run.last.is_file() else None
    if resumed is not None:
        log.info("resumes from %s", resumed)
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
    """Tests a network and returns the content of metrics.json.

    checkpoint: the weights to test, last or best
    fitted:     the result of `fit`; {} where nothing was trained
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
    """Refuses a file that is damaged, or could run code when it is loaded."""
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise BdnetError(
            f"{path}: not a checkpoint that torch.load(weights_only=True) reads, so that training "
            "cannot resume from it; restore it from a copy, or start again with overwrite=true"
        ) from error


@contextmanager
def _interruptible() -> Iterator[None]:
    """Re-raises the KeyboardInterrupt that Lightning has turned into an exit."""
    try:
        yield
    except SystemExit as end:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if isinstance(end.__context__, KeyboardInterrupt):
            raise end.__context__ from None
        raise
