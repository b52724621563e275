"""Cross-entropy of what the target's sub-network says by itself with the labels."""

from typing import ClassVar

from torch import Tensor

from bdnet.losses.base import given
from bdnet.losses.segmentation_ohem import HardPixels
from bdnet.types import Prediction


class SinglePath(HardPixels):
    """Of the logits without what earlier frames add."""

    needs: ClassVar[tuple[str, ...]] = ("alone",)

    def judged(self, student: Prediction) -> Tensor:
        return given(student.alone, "alone")
