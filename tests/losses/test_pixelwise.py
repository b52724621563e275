"""D_pw against its formula."""

import numpy as np
import pytest
import torch

from bdnet.losses.pixelwise import Pixelwise
from losses.reference import bilinear, both_precisions, check_formula, counted_cells, softmax


def reference(tau: float):
    def divergence(student, teacher, labels) -> float:
        size = teacher.logits.shape[-2:]
        ours, theirs = (bilinear(outputs.logits, size) / tau for outputs in (student, teacher))
        terms = []
        for b, i, j, _ in counted_cells(labels, size):
            p, q = softmax(theirs[b, :, i, j]), softmax(ours[b, :, i, j])
            terms.append(tau**2 * sum(p * np.log(p / q)))
        return float(np.mean(terms))

    return divergence


@both_precisions
@pytest.mark.parametrize("tau", [1.0, 4.0])
def test_agrees_with_its_formula(dtype: torch.dtype, tau: float):
    check_formula(Pixelwise(tau=tau), reference(tau), dtype)
