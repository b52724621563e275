"""D_inn: the student's warped feature follows the teacher's feature."""

from torch import Tensor, nn

from bdnet.losses.base import TeacherLoss, part
from bdnet.losses.grids import counted, mean_over, to_larger, unit
from bdnet.types import Prediction


class Inner(TeacherLoss):
    """`mean || A(F_S_warped) - F_T ||^2`, A a 1x1 adapter [reading A of "inner"].

    Of each position, the vectors A(F_S) and F_T over the channels are scaled to length 1
    [reading of "channel-normalised"], and their squared distance (0 to 4, whatever the number of
    channels) is averaged over positions.

    student_channels, teacher_channels: of the two features
    """

    needs = needs_taught = ("features",)
    adapts = True

    def __init__(self, student_channels: int, teacher_channels: int, weight: float = 1.0) -> None:
        super().__init__(weight)
        self.adapter = nn.Conv2d(student_channels, teacher_channels, 1)
        nn.init.zeros_(self.adapter.get_parameter("bias"))
        if student_channels == teacher_channels:  # starts as the identity
            nn.init.dirac_(self.adapter.weight)

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        adapted = self.adapter(part(student, "features"))
        ours, theirs = to_larger(adapted, part(teacher, "features"))
        distances = (unit(ours) - unit(theirs)).square().sum(1)
        return mean_over(distances, counted(labels, ours))
