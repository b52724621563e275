"""Cross-entropy of a second head, half-way up the backbone, with the labels."""

from typing import ClassVar

from torch import Tensor

from bdnet.losses.base import given
from bdnet.losses.segmentation_ohem import HardPixels
from bdnet.types import Prediction


class AuxiliaryHead(HardPixels):
    """Of the second head's logits."""

    needs: ClassVar[tuple[str, ...]] = ("middle",)

    def judged(self, student: Prediction) -> Tensor:
        return given(student.middle, "middle")
