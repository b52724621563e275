"""Channel-wise distillation against its formula."""

import numpy as np
import pytest
import torch

from bdnet.losses.channelwise import Channelwise
from losses.reference import Array, bilinear, both_precisions, check_formula, counted_cells, softmax


def divergence_of_places(ours: Array, theirs: Array, labels, tau: float) -> float:
    """Of logits [b, classes, h, w] on one grid."""
    size = ours.shape[-2:]
    divergences = []
    for b in range(len(labels)):
        places = [(i, j) for n, i, j, _ in counted_cells(labels, size) if n == b]
        for c in range(ours.shape[1]):
            p, q = (
                softmax(np.array([maps[b, c, i, j] for i, j in places]) / tau)
                for maps in (theirs, ours)
            )
            divergences.append(tau**2 * sum(p * np.log(p / q)))
    return float(np.mean(divergences))


def reference(tau: float):
    def divergence(student, teacher, labels) -> float:
        ours = bilinear(student.logits, teacher.logits.shape[-2:])
        return divergence_of_places(ours, teacher.logits, labels, tau)

    return divergence


@both_precisions
@pytest.mark.parametrize("tau", [1.0, 4.0])
def test_agrees_with_its_formula(dtype: torch.dtype, tau: float):
    check_formula(Channelwise(tau=tau), reference(tau), dtype)
