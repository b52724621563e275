"""Cross-entropy with the labels."""

from torch import Tensor
from torch.nn import functional

from bdnet.losses.base import LabelLoss
from bdnet.losses.grids import mean_over, resized
from bdnet.types import IGNORE, Prediction


def pixel_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """[b, H, W] in nats, 0 at void; logits [b, classes, h, w] are brought to the labels' grid.

    Not the labels to the logits' grid: at 1/8 of the size, poles and persons lose their shape.
    """
    logits = resized(logits, labels.shape[-2:])
    return functional.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="none")


class SegmentationLoss(LabelLoss):
    """Mean cross-entropy over labelled pixels."""

    def value(self, student: Prediction, labels: Tensor) -> Tensor:
        return mean_over(pixel_cross_entropy(student.logits, labels), labels != IGNORE)
