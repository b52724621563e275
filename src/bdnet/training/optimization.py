"""The optimiser, and learning rates that decay to zero."""

from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from bdnet.errors import BdnetError
from bdnet.models.base import Groups

Parameters = list[dict[str, Any]]


class Poly:
    """The poly schedule: learning rates lr (1 - step / steps)^power after a linear warm-up.

    optimizer: makes an optimiser from groups of parameters, each with its rate
    lr:        rate of the backbone
    head_lr_factor: rate of all other parameters, as a multiple of lr
    power:     1 for a linear decay, 0 for none
    warmup:    number of steps, or, below 1, their share of all steps
    """

    def __init__(
        self,
        optimizer: Callable[[Parameters], Optimizer],
        lr: float,
        head_lr_factor: float = 10.0,
        power: float = 0.9,
        warmup: float = 0,
    ) -> None:
        _check("a number above 0", lambda value: value > 0, lr=lr, head_lr_factor=head_lr_factor)
        _check("a number from 0 on", lambda value: value >= 0, power=power)
        _check(
            "a whole number from 0 on, or a share below 1",
            lambda value: 0 <= value < 1 or (value > 0 and not value % 1),
            warmup=warmup,
        )
        self.optimizer, self.lr, self.head_lr_factor = optimizer, lr, head_lr_factor
        self.power, self.warmup = power, warmup

    def check(self, steps: int) -> None:
        """Refuses a warm-up that fills the whole training."""
        if self.warmup >= steps:
            raise BdnetError(
                f"optimizer.warmup={self.warmup}: not shorter than steps={steps}; use fewer"
            )

    def configure(
        self, groups: Groups, others: Iterable[nn.Parameter], steps: int
    ) -> tuple[Optimizer, LRScheduler]:
        """Makes the optimiser and schedule of a training.

        groups: the network's parameters
        others: parameters of loss terms (adapters)
        """
        self.check(steps)
        head = [*groups.head, *(weight for weight in others if weight.requires_grad)]
        optimizer = self.optimizer(
            [
                {"params": groups.backbone, "lr": self.lr},
                {"params": head, "lr": self.lr * self.head_lr_factor},
            ]
        )
        return optimizer, LambdaLR(optimizer, lambda step: self.factor(step, steps))

    def factor(self, step: int, steps: int) -> float:
        """The rate in a step (counted from 0) as a share of the full rate."""
        warmup = int(self.warmup * steps) if self.warmup < 1 else self.warmup
        if step < warmup:
            return (step + 1) / (warmup + 1)
        done = (step - warmup) / max(1, steps - warmup)
        return float(max(0.0, 1 - done) ** self.power)


def _check(wanted: str, holds: Callable[[float], bool], **values: Any) -> None:
    for name, value in values.items():
        if not isinstance(value, int | float) or not holds(value):
            raise BdnetError(f"optimizer.{name}={value}: {wanted}")
