"""TDNet's grouped distillation: the whole follows the whole, a sub-network follows its group."""

from typing import ClassVar

from torch import Tensor

from bdnet.losses.base import TeacherLoss, UnmetNeed, given
from bdnet.losses.pixelwise import mean_divergence
from bdnet.types import Prediction


class GroupedLoss(TeacherLoss):
    """`KL(T || S) + share * KL(T_g || S_alone)`, each a mean over pixels.

    T_g is what the group of the teacher's channels says that the target's sub-network is for.
    """

    needs: ClassVar[tuple[str, ...]] = ("alone", "group")
    needs_taught: ClassVar[tuple[str, ...]] = ("groups",)

    def __init__(self, weight: float = 1.0, share: float = 0.5) -> None:
        super().__init__(weight)
        self.share = share

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        alone, group = given(student.alone, "alone"), given(student.group, "group")
        groups = given(teacher.groups, "groups")
        if group.shape[1] != groups.shape[1]:
            raise UnmetNeed(
                f"loss term 'grouped' pairs {group.shape[1]} sub-networks of the student with "
                f"{groups.shape[1]} groups of the teacher's channels: say "
                f"teacher.groups={group.shape[1]}, or give the student {groups.shape[1]} "
                "sub-networks (model.paths)"
            )
        whole = mean_divergence(student.logits, teacher.logits, labels)
        return whole + self.share * mean_divergence(alone, groups[group], labels)
