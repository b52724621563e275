"""The LightningModule that trains a student, with or without a teacher."""

from typing import Any

from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor

from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.losses import Objective
from bdnet.models.base import VideoModel
from bdnet.models.teacher import Teacher
from bdnet.training.evaluator import Evaluator
from bdnet.training.optimization import Poly
from bdnet.types import Clip

TEACHER = "teacher."  # prefix of the names of its weights


class NotFinite(BdnetError):
    """A loss became infinite or NaN.

    batch: number of the batch, counted from the beginning of training
    """

    def __init__(self, message: str, batch: int) -> None:
        super().__init__(message)
        self.batch = batch


class Distiller(Evaluator):
    """Trains a student on labels and on a teacher's prediction of the target frame.

    steps: number of optimiser steps of the whole training
    """

    def __init__(
        self,
        student: VideoModel,
        teacher: Teacher,
        objective: Objective,
        optimization: Poly,
        classes: Classes,
        interval: int,
        steps: int,
    ) -> None:
        super().__init__(student, classes, interval)
        self.teacher = teacher
        self.objective = objective
        self.optimization = optimization
        self.steps = steps

    def training_step(self, batch: Clip, batch_idx: int) -> Tensor:
        taught = self.teacher(batch)
        predicted = self.student(batch)
        total, terms = self.objective(predicted, taught, batch)
        self._check({**terms, "the sum": total}, batch_idx)
        self.log_dict({f"loss/{name}": value for name, value in terms.items()})
        self.log("loss", total, prog_bar=True)
        return total  # type: ignore[no-any-return]  # nn.Module's call is untyped

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        optimizer, schedule = self.optimization.configure(
            self.student.groups(), self.objective.parameters(), self.steps
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leaves out the teacher, whose weights are stored with its own run."""
        weights = checkpoint["state_dict"]
        checkpoint["state_dict"] = {
            name: weight for name, weight in weights.items() if not name.startswith(TEACHER)
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the teacher's weights, which strict loading expects."""
        teacher = self.teacher.state_dict(prefix=TEACHER)
        checkpoint["state_dict"] = {**checkpoint["state_dict"], **teacher}

    def _check(self, values: dict[str, Tensor], batch: int) -> None:
        for name, value in values.items():
            if not value.isfinite():
                raise NotFinite(
                    f"loss term {name!r} is {value.item()} in step {self.global_step}; use a lower "
                    "rate (optimizer.lr), a warm-up (optimizer.warmup), or "
                    "trainer.gradient_clip_val=1",
                    batch,
                )
