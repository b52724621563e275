"""First-order knowledge against its formula."""

import numpy as np
import pytest
import torch

from bdnet.errors import BdnetError
from bdnet.losses.first_order import FirstOrder, Over
from bdnet.types import Prediction
from losses.reference import bilinear, both_precisions, case, check_formula, counted_cells, softmax


def reference(over: Over):
    def distance(student, teacher, labels) -> float:
        size = teacher.logits.shape[-2:]
        ours, theirs = (bilinear(each.logits, size) for each in (student, teacher))
        counts = {(b, i, j) for b, i, j, _ in counted_cells(labels, size)}

        def change(maps, b: int, i: int, j: int):
            around = [(b, i + y, j + x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
            here = softmax(maps[b, :, i, j])
            steps = [here - softmax(maps[b, :, r, c]) for _, r, c in around if (b, r, c) in counts]
            total = np.sum(steps, 0) if steps else 0 * here
            return total / max(1, len(steps)) if over == "mean" else total

        distances = []
        for place in sorted(counts):
            difference = change(theirs, *place) - change(ours, *place)
            distances.append(difference @ difference)
        return float(np.mean(distances))

    return distance


@both_precisions
@pytest.mark.parametrize("over", ["sum", "mean"])
def test_agrees_with_its_formula(dtype: torch.dtype, over: Over):
    check_formula(FirstOrder(over=over), reference(over), dtype)


def test_shares_that_differ_by_the_same_everywhere_change_alike():
    """Zero-order knowledge sees what this does not: a constant shift."""
    given = case()
    shares = torch.full((3, 4, 4, 5), 0.2)
    shifted = shares + torch.tensor([0.1, -0.1, 0.05, -0.05])[:, None, None]
    student, teacher = (Prediction((each / each.sum(1, keepdim=True)).log())
                        for each in (shares, shifted))  # fmt: skip
    assert FirstOrder()(student, teacher, given.clip).item() == pytest.approx(0, abs=1e-10)


def test_another_word_is_refused():
    with pytest.raises(BdnetError, match=r"over=median: say sum or mean"):
        FirstOrder(over="median")  # type: ignore[arg-type]
