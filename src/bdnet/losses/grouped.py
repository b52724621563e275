"""TDNet's grouped distillation: a sub-network also follows its group of the teacher's channels."""

from torch import Tensor

from bdnet.losses.base import TeacherLoss, UnmetNeed, part
from bdnet.losses.pixelwise import mean_divergence
from bdnet.types import Prediction


class GroupedLoss(TeacherLoss):
    """`KL(T || S) + share * KL(T_g || S_p)`, each a mean over pixels.

    S_p is the prediction of the target's sub-network by itself, T_g that of the teacher's group of
    channels that this sub-network follows.
    """

    needs = ("single_path", "group")
    needs_taught = ("groups",)

    def __init__(self, weight: float = 1.0, share: float = 0.5) -> None:
        super().__init__(weight)
        self.share = share

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        group, groups = part(student, "group"), part(teacher, "groups")
        if group.shape[1] != groups.shape[1]:
            raise UnmetNeed(
                f"loss term 'grouped' pairs {group.shape[1]} sub-networks of the student with "
                f"{groups.shape[1]} groups of the teacher's channels: use "
                f"teacher.groups={group.shape[1]}, or give the student {groups.shape[1]} "
                "sub-networks (model.paths)"
            )
        whole = mean_divergence(student.logits, teacher.logits, labels)
        single = mean_divergence(part(student, "single_path"), groups[group], labels)
        return whole + self.share * single
