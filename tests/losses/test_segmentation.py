"""Cross-entropy against its formula."""

import numpy as np
import torch

from bdnet.losses.segmentation import SegmentationLoss
from bdnet.types import IGNORE
from losses.reference import bilinear, both_precisions, check_formula, softmax


def pixel_losses(student, labels) -> list[float]:
    logits = bilinear(student.logits, labels.shape[1:])
    return [
        -np.log(softmax(logits[b, :, i, j])[label])
        for (b, i, j), label in np.ndenumerate(labels)
        if label != IGNORE
    ]


def reference(student, teacher, labels) -> float:
    return float(np.mean(pixel_losses(student, labels)))


@both_precisions
def test_agrees_with_its_formula(dtype: torch.dtype):
    check_formula(SegmentationLoss(), reference, dtype)
