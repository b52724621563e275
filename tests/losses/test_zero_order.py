"""Zero-order knowledge against its formula."""

import numpy as np
import torch

from bdnet.losses.zero_order import ZeroOrder
from losses.reference import bilinear, both_precisions, check_formula, counted_cells, softmax


def reference(student, teacher, labels) -> float:
    size = teacher.logits.shape[-2:]
    ours, theirs = (bilinear(outputs.logits, size) for outputs in (student, teacher))
    distances = []
    for b, i, j, _ in counted_cells(labels, size):
        difference = softmax(theirs[b, :, i, j]) - softmax(ours[b, :, i, j])
        distances.append(difference @ difference)
    return float(np.mean(distances))


@both_precisions
def test_agrees_with_its_formula(dtype: torch.dtype):
    check_formula(ZeroOrder(), reference, dtype)
