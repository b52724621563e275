"""The checkpoint from which an interrupted training resumes."""

import signal
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.trainer.states import TrainerFn

from bdnet.system.interruption import terminate


class LastCheckpoint(Checkpoint):
    """Writes a checkpoint every n steps, replacing the previous one.

    It never saves between batches whose gradients are accumulated. Where a validation falls on the
    same step, it saves after it, because a training resumed at that step does not validate again.

    When SLURM ends the job, Lightning's signal handler saves `hpc_ckpt_N.ckpt` and calls `scontrol
    requeue`. That is deferred to the end of a step in all processes, too.

    every: number of steps
    """

    def __init__(self, path: str, every: int) -> None:
        self.path, self.every = path, every
        self._is_safe = self._is_due = False
        self._handlers: dict[int, Any] = {}  # Lightning's, by signal
        self._received: set[int] = set()  # signals whose handlers are deferred

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        interrupt_on_sigterm()
        self._handlers = _lightning_handlers()
        self._handlers.pop(signal.SIGTERM, None)
        for number in self._handlers:
            signal.signal(number, lambda number, _: self._received.add(number))

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        interrupt_on_sigterm()

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
            if trainer.strategy.reduce_boolean_decision(number in self._received, all=False):
                self._received.discard(number)
                handler(number, None)


def interrupt_on_sigterm() -> None:
    """Removes Lightning's handler of SIGTERM, so that it raises an interrupt again.

    That handler communicates with the other processes, which may be in the middle of a step, so
    that all would wait for each other for ever.
    """
    handler = _lightning_handlers().get(signal.SIGTERM)
    if handler is not None and terminate in handler.signal_handlers:
        signal.signal(signal.SIGTERM, terminate)


def _lightning_handlers() -> dict[int, Any]:
    """The signal handlers that Lightning has installed, by signal."""
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return {
        number: handler
        for number, handler in handlers.items()
        if type(handler).__module__.startswith("pytorch_lightning.")
    }
