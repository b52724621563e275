"""Where an interrupted training goes on."""

from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.trainer.states import TrainerFn


class Continuation(Checkpoint):
    """Writes a checkpoint every so many steps, over the one before.

    Never between batches whose gradients are added up; and where a validation falls on the same
    step, after it: a training that goes on from the step before a validation would leave it out.
    """

    def __init__(self, path: str, every: int) -> None:
        self.path, self.every = path, every
        self._is_due = False

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002
        outputs: Any,  # noqa: ARG002
        batch: Any,  # noqa: ARG002
        batch_idx: int,
    ) -> None:
        done = batch_idx + 1
        is_step = done % trainer.accumulate_grad_batches == 0
        self._is_due = is_step and trainer.global_step % self.every == 0
        validates = trainer.enable_validation and done % (trainer.val_check_batch or done) == 0
        if self._is_due and not validates:
            trainer.save_checkpoint(self.path, weights_only=False)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        if self._is_due and trainer.state.fn == TrainerFn.FITTING:
            trainer.save_checkpoint(self.path, weights_only=False)
