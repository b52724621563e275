"""Cross-entropy of a second head, half-way up the backbone, with the labels."""

from typing import ClassVar

from torch import Tensor

from bdnet.clip import Prediction
from bdnet.losses.base import given
from bdnet.losses.segmentation_ohem import SegmentationOhem


class Middle(SegmentationOhem):
    """Hard pixels' cross-entropy of the second head's logits."""

    needs: ClassVar[tuple[str, ...]] = ("middle",)

    def value(self, student: Prediction, labels: Tensor) -> Tensor:
        return super().value(Prediction(given(student.middle, "middle")), labels)
