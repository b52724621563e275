"""The progress bar of training and tests."""

import sys

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import TQDMProgressBar


class Progress(TQDMProgressBar):
    """Lightning's, without its version number, and in few lines where no one watches."""

    def __init__(self) -> None:
        super().__init__(refresh_rate=1 if sys.stderr.isatty() else 50)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts from where training stands, to its last batch."""
        super().on_train_start(trainer, pl_module)
        bar, each = self.train_progress_bar, trainer.accumulate_grad_batches
        bar.reset(trainer.max_steps * each)
        bar.initial = bar.n = trainer.global_step * each
        bar.set_description("train")

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Nothing: training is one stream of steps, not epochs."""

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The last batches may not have been worth a line; that all are done is."""
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
