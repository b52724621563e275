"""Zero-order knowledge: the class probabilities of each pixel follow the teacher's."""

from torch import Tensor

from bdnet.losses.base import TeacherLoss
from bdnet.losses.grids import counted, mean_over, to_larger
from bdnet.types import Prediction


class ZeroOrder(TeacherLoss):
    """`mean_x || p_T(x) - p_S(x) ||^2`, p the softmax of the logits (Xie et al., 2018)."""

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(student.logits, teacher.logits)
        distances = (theirs.softmax(1) - ours.softmax(1)).square().sum(1)
        return mean_over(distances, counted(labels, ours))
