"""BPKD's body term: where a class is inside of its outline, to the student as to the teacher."""

from torch import Tensor

from bdnet.losses.base import TeacherLoss
from bdnet.losses.channelwise import divergence_of_places
from bdnet.losses.grids import counted, to_larger
from bdnet.losses.outlines import check_width, outlines
from bdnet.types import Prediction


class BpkdBody(TeacherLoss):
    """`(tau^2 / C) sum_c KL` of softmax over positions of Z (1 - M) / tau, M as in BpkdEdge.

    Near void nothing is known of outlines, and positions are body [reading]. There is no post-mask:
    a part of a distribution over positions is not closest to the teacher's where it equals it.

    tau:      temperature
    width:    of the window that widens and narrows a class, pixels of the labels
    pre_mask: Z (1 - M) instead of Z, which would be channel-wise distillation
    """

    def __init__(
        self, weight: float = 1.0, tau: float = 1.0, width: int = 7, pre_mask: bool = True
    ) -> None:
        super().__init__(weight)
        check_width(width, "bpkd_body")
        self.tau, self.width, self.pre_mask = tau, width, pre_mask

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(student.logits, teacher.logits)
        height, width = ours.shape[-2:]
        if self.pre_mask:
            inside = 1 - outlines(labels, theirs, self.width)
            ours, theirs = ours * inside, theirs * inside
        return divergence_of_places(ours, theirs, counted(labels, (height, width)), self.tau)
