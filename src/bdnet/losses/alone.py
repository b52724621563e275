"""Cross-entropy of what the target's sub-network says by itself with the labels."""

from typing import ClassVar

from torch import Tensor

from bdnet.clip import Prediction
from bdnet.losses.base import given
from bdnet.losses.segmentation_ohem import SegmentationOhem


class Alone(SegmentationOhem):
    """Hard pixels' cross-entropy of the logits without what earlier frames add."""

    needs: ClassVar[tuple[str, ...]] = ("alone",)

    def value(self, student: Prediction, labels: Tensor) -> Tensor:
        return super().value(Prediction(given(student.alone, "alone")), labels)
