"""First-order knowledge: how class probabilities change from a pixel to its neighbours."""

from torch import Tensor
from torch.nn import functional

from bdnet.losses.base import TeacherLoss
from bdnet.losses.grids import counted, mean_over, to_larger
from bdnet.types import Prediction


class FirstOrder(TeacherLoss):
    """`mean_x || C_T(x) - C_S(x) ||^2`, C(x) = sum over the 8 neighbours y of p(x) - p(y).

    Neighbours that are void or outside the picture are left out; Xie et al., 2018, do not say.
    """

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(student.logits, teacher.logits)
        counts = counted(labels, ours)
        # C is linear in p: that of the difference is the difference
        difference, known = theirs.softmax(1) - ours.softmax(1), counts[:, None].to(ours.dtype)
        change = _neighbours(known) * difference - _neighbours(known * difference)
        return mean_over(change.square().sum(1), counts)


def _neighbours(maps: Tensor) -> Tensor:
    """The sum over the 8 neighbours; those outside of the picture are 0."""
    return functional.avg_pool2d(maps, 3, 1, 1, divisor_override=1) - maps
