"""BPKD's edge term against its formula."""

import numpy as np
import pytest
import torch

from bdnet.errors import BdnetError
from bdnet.losses.bpkd_edge import BpkdEdge
from losses.reference import bilinear, both_precisions, case, check_formula, counted_cells, softmax
from losses.test_outlines import bands

ALPHA, WIDTH = 2.0, 3


def reference(pre_mask: bool, post_mask: bool):
    def value(student, teacher, labels) -> float:
        size = teacher.logits.shape[-2:]
        ours, theirs = bilinear(student.logits, size), teacher.logits
        masks = bands(labels, teacher.logits, WIDTH)
        phi = np.zeros((len(labels), *size))
        for b, i, j in np.ndindex(phi.shape):
            factor = masks[b, :, i, j] if pre_mask else 1.0
            p, q = softmax(theirs[b, :, i, j] * factor), softmax(ours[b, :, i, j] * factor)
            phi[b, i, j] = sum(p * np.log(p / q))
        if not post_mask:
            counts = counted_cells(labels, size)
            return ALPHA * float(np.mean([phi[b, i, j] for b, i, j, _ in counts]))
        total = 0.0
        for c in range(masks.shape[1]):
            cells = (masks[:, c] > 0).sum()
            if cells:
                total += ALPHA / cells * (phi * masks[:, c]).sum()
        return total

    return value


@both_precisions
@pytest.mark.parametrize("pre_mask", [True, False])
@pytest.mark.parametrize("post_mask", [True, False])
def test_agrees_with_its_formula(dtype: torch.dtype, pre_mask: bool, post_mask: bool):
    term = BpkdEdge(alpha=ALPHA, width=WIDTH, pre_mask=pre_mask, post_mask=post_mask)
    check_formula(term, reference(pre_mask, post_mask), dtype)


def test_far_from_outlines_anything_may_be_said():
    given = case(twins=True)
    given = given.labelled((torch.arange(40) >= 8).long().expand(3, 32, 40))
    right = torch.zeros_like(given.student.logits)
    right[..., 3:] = torch.randn(3, 4, 4, 2)
    student = given.student._replace(logits=given.student.logits + right)
    assert BpkdEdge()(student, given.teacher, given.clip).item() == pytest.approx(0, abs=1e-9)


def test_a_window_without_a_middle_is_refused():
    with pytest.raises(BdnetError, match=r"loss.bpkd_edge.width=6: an odd number"):
        BpkdEdge(width=6)
