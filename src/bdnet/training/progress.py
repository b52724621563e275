"""The progress bar of training and tests."""

import sys

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import TQDMProgressBar


class Progress(TQDMProgressBar):
    """Lightning's without the logger's version number, in few lines outside a terminal."""

    def __init__(self) -> None:
        super().__init__(refresh_rate=1 if sys.stderr.isatty() else 50)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts at the batch from which training resumes, and ends at the last of all."""
        super().on_train_start(trainer, pl_module)
        bar, batches = self.train_progress_bar, trainer.accumulate_grad_batches
        bar.reset(trainer.max_steps * batches)
        bar.initial = bar.n = trainer.global_step * batches
        bar.set_description("train")

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Nothing: training is one stream of steps, not epochs."""

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Shows the last batch, which the refresh rate may have skipped."""
        bar = self.train_progress_bar
        bar.n = trainer.global_step * trainer.accumulate_grad_batches
        bar.refresh()
        super().on_train_end(trainer, pl_module)

    def get_metrics(
        self, trainer: Trainer, pl_module: LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        return metrics
