"""D_inn by classes: cosines of features to the mean of their class follow the teacher's."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.losses.base import TeacherLoss, part
from bdnet.losses.grids import is_unlabelled, labels_at, mean_over, resized, to_larger, unit
from bdnet.types import IGNORE, Prediction


class IntraClass(TeacherLoss):
    """Mean squared difference of the two maps "cosine of a feature to its class prototype".

    [reading D of "inner".] A prototype is the mean feature of a class in one picture. In a picture
    without labels, the classes are those that the teacher predicts [reading].
    """

    needs = needs_taught = ("features",)

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(part(student, "features"), part(teacher, "features"))
        size = ours.shape[-2:]
        predicted = resized(teacher.logits, size).argmax(1)
        unlabelled = is_unlabelled(labels)[:, None, None]
        classes = torch.where(unlabelled, predicted, labels_at(labels, size))
        counts = classes != IGNORE
        members = functional.one_hot(classes.where(counts, 0), teacher.logits.shape[1])
        members = (members * counts[..., None]).flatten(1, 2).float()
        difference = _cosines(ours, members) - _cosines(theirs, members)
        return mean_over(difference.square(), counts.flatten(1))


def _cosines(features: Tensor, members: Tensor) -> Tensor:
    """[b, h w] of features [b, channels, h, w] and memberships [b, h w, classes] of 0 or 1."""
    flat = features.flatten(2)
    prototypes = flat @ members / members.sum(1, keepdim=True).clamp(min=1)
    to_each = unit(flat).transpose(1, 2) @ unit(prototypes)
    return (to_each * members).sum(2)
