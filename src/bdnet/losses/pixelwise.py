"""D_pw: the student's class distribution of each pixel follows the teacher's."""

from torch import Tensor
from torch.nn import functional

from bdnet.losses.base import TeacherLoss
from bdnet.losses.grids import counted, mean_over, to_larger
from bdnet.types import Prediction


class Pixelwise(TeacherLoss):
    """`(1/HW) sum_i tau^2 KL(softmax(T_i/tau) || softmax(S_i/tau))` [reading: pixel-wise].

    tau: temperature
    """

    def __init__(self, weight: float = 1.0, tau: float = 1.0) -> None:
        super().__init__(weight)
        self.tau = tau

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        return mean_divergence(student.logits, teacher.logits, labels, self.tau)


def mean_divergence(student: Tensor, teacher: Tensor, labels: Tensor, tau: float = 1.0) -> Tensor:
    """The formula of `Pixelwise`, for logits [b, classes, h, w], over the pixels that count."""
    ours, theirs = to_larger(student, teacher)
    return tau**2 * mean_over(divergence(ours / tau, theirs / tau), counted(labels, ours))


def divergence(student: Tensor, teacher: Tensor) -> Tensor:
    """KL(teacher || student) of the classes at each cell [b, h, w], of logits on one grid."""
    return functional.kl_div(
        student.log_softmax(1), teacher.log_softmax(1), reduction="none", log_target=True
    ).sum(1)
