"""First-order knowledge: how shares of classes change from a place to those around it."""

from typing import Literal

from torch import Tensor
from torch.nn import functional

from bdnet.errors import BdnetError
from bdnet.losses.base import TeacherLoss
from bdnet.losses.grids import counted, mean_over, to_larger
from bdnet.types import Prediction

Over = Literal["sum", "mean"]


class FirstOrder(TeacherLoss):
    """`mean_x || C_T(x) - C_S(x) ||^2`, C(x) = sum over the 8 neighbours y of p(x) - p(y).

    Neighbours that are void or outside of the picture are none (Xie et al., 2018, do not say).

    over: `sum` over the neighbours, or their `mean`
    """

    def __init__(self, weight: float = 1.0, over: Over = "sum") -> None:
        super().__init__(weight)
        if over not in ("sum", "mean"):
            raise BdnetError(f"loss.first_order.over={over}: say sum or mean")
        self.over = over

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(student.logits, teacher.logits)
        height, width = ours.shape[-2:]
        counts = counted(labels, (height, width))
        # C is linear in p: that of the difference is the difference
        change = self._changes(theirs.softmax(1) - ours.softmax(1), counts[:, None])
        return mean_over(change.square().sum(1), counts)

    def _changes(self, shares: Tensor, counts: Tensor) -> Tensor:
        """C of shares [b, classes, h, w], with counts [b, 1, h, w]."""
        known = counts.to(shares.dtype)
        neighbours = _around(known)
        change = neighbours * shares - _around(known * shares)
        return change / neighbours.clamp(min=1) if self.over == "mean" else change


def _around(maps: Tensor) -> Tensor:
    """The sum over the 8 neighbours; those outside of the picture are 0."""
    return functional.avg_pool2d(maps, 3, 1, 1, divisor_override=1) - maps
