"""Says when training waits for clips, while cores stand idle that could decode them."""

import logging
from time import monotonic
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from bdnet.data.loading import Loader
from bdnet.system.machine import cores, load_average

log = logging.getLogger(__name__)


class Waiting(Callback):
    """Looks once at how the time of training is spent, for some batches of it.

    While it looks, the device's work is waited for after each batch: what is then waited for is the
    loader alone.

    after: batches, so that worker processes have started and the device has warmed up
    over:  further batches that are looked at
    share: of their time, that waiting for clips may take unmentioned
    """

    def __init__(self, after: int = 20, over: int = 80, share: float = 0.25) -> None:
        self.after, self.over, self.share = after, over, share
        self._batches = 0
        self._begun = self._waited = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        self._batches = 0

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        loader = trainer.train_dataloader
        if not isinstance(loader, Loader):
            return  # of a DataModule that is not ours
        self._batches += 1
        if self.after <= self._batches <= self.after + self.over and pl_module.on_gpu:
            torch.cuda.synchronize(pl_module.device)
        if self._batches == self.after:
            self._begun, self._waited = monotonic(), loader.wait_seconds
        elif self._batches == self.after + self.over and trainer.is_global_zero:
            share = (loader.wait_seconds - self._waited) / (monotonic() - self._begun)
            self._say(share, loader, trainer)

    def _say(self, share: float, loader: Loader, trainer: Trainer) -> None:
        """Only where more processes would have a core each, and cores are idle."""
        every, now = cores(), loader.num_workers
        idle = int(every - load_average())
        most = every // trainer.num_devices - 1  # of each process here that trains
        better = min(most, 2 * max(now, 1), now + idle)
        if share > self.share and better > now:
            log.warning(
                "%.0f%% of the time goes into waiting for clips, while about %d of the %d cores "
                "here are idle; more processes that decode may help: data.workers=%d (now %d)",
                100 * share, idle, every, better, now,
            )  # fmt: skip
