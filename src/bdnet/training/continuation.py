"""Where an interrupted training goes on."""

import signal
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.trainer.states import TrainerFn

from bdnet.system.interruption import terminate


class Continuation(Checkpoint):
    """Writes a checkpoint every so many steps, over the one before.

    Never between batches whose gradients are added up; and where a validation falls on the same
    step, after it: a training that goes on from the step before a validation would leave it out.

    What Lightning does when SLURM takes the machine away (a checkpoint `hpc_ckpt_N.ckpt`, and
    `scontrol requeue`) waits for such a moment too, and for all processes: its handler would save
    half a step.
    """

    def __init__(self, path: str, every: int) -> None:
        self.path, self.every = path, every
        self._is_safe = self._is_due = False
        self._handlers: dict[int, Any] = {}  # Lightning's, by signal
        self._signals: set[int] = set()  # that came

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        heed_at_once()
        self._handlers = {n: each for n, each in _lightnings().items() if n != signal.SIGTERM}
        for number in self._handlers:
            signal.signal(number, lambda number, _: self._signals.add(number))

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        heed_at_once()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,  # noqa: ARG002
        outputs: Any,  # noqa: ARG002
        batch: Any,  # noqa: ARG002
        batch_idx: int,
    ) -> None:
        done = batch_idx + 1
        self._is_safe = done % trainer.accumulate_grad_batches == 0
        self._is_due = self._is_safe and trainer.global_step % self.every == 0
        if not (trainer.enable_validation and done % (trainer.val_check_batch or done) == 0):
            self._save(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        if trainer.state.fn == TrainerFn.FITTING:
            self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        if self._is_due:
            trainer.save_checkpoint(self.path, weights_only=False)
        if not self._is_safe:
            return
        for number, handler in self._handlers.items():
            if trainer.strategy.reduce_boolean_decision(number in self._signals, all=False):
                self._signals.discard(number)
                handler(number, None)


def heed_at_once() -> None:
    """SIGTERM interrupts, as before the training.

    Lightning has put a handler before ours that talks to the other processes, wherever they are:
    they would wait for each other for ever.
    """
    handler = _lightnings().get(signal.SIGTERM)
    if handler is not None and terminate in handler.signal_handlers:
        signal.signal(signal.SIGTERM, terminate)


def _lightnings() -> dict[int, Any]:
    """The handlers of signals that Lightning has set, by signal."""
    found = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return {
        number: handler
        for number, handler in found.items()
        if type(handler).__module__.startswith("pytorch_lightning.")
    }
