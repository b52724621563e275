"""Channel-wise distillation: each class's distribution over positions follows the teacher's."""

import torch
from torch import Tensor

from bdnet.losses.base import TeacherLoss
from bdnet.losses.grids import counted, mean_over, to_larger
from bdnet.types import Prediction


class Channelwise(TeacherLoss):
    """`(tau^2 / C) sum_c KL(softmax_i(T_ci / tau) || softmax_i(S_ci / tau))` over positions i.

    On the logits, as in CWD (Shu et al., 2021); a mean over pictures.

    tau: temperature
    """

    def __init__(self, weight: float = 1.0, tau: float = 4.0) -> None:
        super().__init__(weight)
        self.tau = tau

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(student.logits, teacher.logits)
        return divergence_over_positions(ours, theirs, counted(labels, ours), self.tau)


def divergence_over_positions(ours: Tensor, theirs: Tensor, counts: Tensor, tau: float) -> Tensor:
    """tau^2 KL of softmax over the positions that count, mean over classes and pictures.

    ours, theirs: [b, classes, h, w]
    counts:       bool [b, h, w]
    """
    counts = counts.flatten(1)
    has_any = counts.any(1)
    # a picture without such a position would give 0 / 0
    inside = (counts | ~has_any[:, None])[:, None]
    lowest = torch.finfo(ours.dtype).min
    student, teacher = (
        (maps.flatten(2) / tau).masked_fill(~inside, lowest).log_softmax(2)
        for maps in (ours, theirs)
    )
    parts = torch.where(inside, teacher.exp() * (teacher - student), 0)
    return tau**2 * mean_over(parts.sum(2).mean(1), has_any)
