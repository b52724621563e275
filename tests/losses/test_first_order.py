"""First-order knowledge against its formula."""

import numpy as np
import pytest
import torch

from bdnet.losses.first_order import FirstOrder
from bdnet.types import Prediction
from losses.reference import bilinear, both_precisions, case, check_formula, counted_cells, softmax


def reference(student, teacher, labels) -> float:
    size = teacher.logits.shape[-2:]
    ours, theirs = (bilinear(prediction.logits, size) for prediction in (student, teacher))
    counts = {(b, i, j) for b, i, j, _ in counted_cells(labels, size)}

    def change(maps, b: int, i: int, j: int):
        around = [(b, i + y, j + x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
        here = softmax(maps[b, :, i, j])
        steps = [here - softmax(maps[b, :, r, c]) for _, r, c in around if (b, r, c) in counts]
        return np.sum(steps, 0) if steps else 0 * here

    differences = [change(theirs, *cell) - change(ours, *cell) for cell in sorted(counts)]
    return float(np.mean([difference @ difference for difference in differences]))


@both_precisions
def test_agrees_with_its_formula(dtype: torch.dtype):
    check_formula(FirstOrder(), reference, dtype)


def test_shares_that_differ_by_the_same_everywhere_change_alike():
    """Zero-order knowledge sees what this does not: a constant shift."""
    given = case()
    shares = torch.full((3, 4, 4, 5), 0.2)
    shifted = shares + torch.tensor([0.1, -0.1, 0.05, -0.05])[:, None, None]
    student, teacher = (Prediction((distribution / distribution.sum(1, keepdim=True)).log())
                        for distribution in (shares, shifted))  # fmt: skip
    assert FirstOrder()(student, teacher, given.clip).item() == pytest.approx(0, abs=1e-10)
