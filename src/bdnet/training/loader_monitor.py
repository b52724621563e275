"""Warns when training waits for clips although idle cores could decode them."""

import logging
from time import monotonic
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from bdnet.data.loading import Loader
from bdnet.system.machine import cores, load_average

log = logging.getLogger(__name__)


class LoaderMonitor(Callback):
    """Measures once, over some batches, how much of the training time is spent waiting for clips.

    While measuring, each batch ends with a synchronisation of the GPU, so that only the waiting for
    the loader counts.

    warmup_batches:   not measured, because workers start and the GPU warms up
    measured_batches: measured after those
    max_share:        the share of their time up to which waiting causes no warning
    """

    def __init__(
        self, warmup_batches: int = 20, measured_batches: int = 80, max_share: float = 0.25
    ) -> None:
        self.start, self.end = warmup_batches, warmup_batches + measured_batches
        self.max_share = max_share
        self._batches = 0
        self._start_time = self._waited_before = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._batches = 0

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        loader = trainer.train_dataloader
        if not isinstance(loader, Loader):
            return  # from another DataModule
        self._batches += 1
        if self.start <= self._batches <= self.end and pl_module.on_gpu:
            torch.cuda.synchronize(pl_module.device)
        if self._batches == self.start:
            self._start_time, self._waited_before = monotonic(), loader.wait_seconds
        elif self._batches == self.end and trainer.is_global_zero:
            seconds = monotonic() - self._start_time
            self._warn((loader.wait_seconds - self._waited_before) / seconds, loader, trainer)

    def _warn(self, share: float, loader: Loader, trainer: Trainer) -> None:
        """Warns only where more workers would have idle cores."""
        count, workers = cores(), loader.num_workers
        idle = int(count - load_average())
        most = count // trainer.num_devices - 1  # workers of each training process on this machine
        better = min(most, 2 * max(workers, 1), workers + idle)
        if share > self.max_share and better > workers:
            log.warning(
                "%.0f%% of the time is spent waiting for clips, while about %d of the %d cores are "
                "idle; more decoding processes may help: data.workers=%d (now %d)",
                100 * share, idle, count, better, workers,
            )  # fmt: skip
