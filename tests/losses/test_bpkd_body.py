"""BPKD's body term against its formula."""

import pytest
import torch

from bdnet.errors import BdnetError
from bdnet.losses.bpkd_body import BpkdBody
from bdnet.losses.channelwise import Channelwise
from losses.reference import bilinear, both_precisions, case, check_formula
from losses.test_channelwise import divergence_of_places
from losses.test_outlines import bands

WIDTH = 3


def reference(tau: float):
    def value(student, teacher, labels) -> float:
        ours, theirs = bilinear(student.logits, teacher.logits.shape[-2:]), teacher.logits
        inside = 1 - bands(labels, theirs, WIDTH)
        return divergence_of_places(ours * inside, theirs * inside, labels, tau)

    return value


@both_precisions
@pytest.mark.parametrize("tau", [1.0, 2.0])
def test_agrees_with_its_formula(dtype: torch.dtype, tau: float):
    check_formula(BpkdBody(tau=tau, width=WIDTH), reference(tau), dtype)


def test_without_mask_it_is_channel_wise_distillation():
    given = case()
    assert BpkdBody(tau=4.0, pre_mask=False)(*given) == Channelwise(tau=4.0)(*given)


def test_on_outlines_anything_may_be_said():
    """Where a cell lies in a band all over, its logits are no part of the body."""
    given = case(twins=True)
    labels = (torch.arange(40) >= 20).long().expand(3, 32, 40)
    given = given.labelled(labels)
    term = BpkdBody(width=25)
    changed = given.student.logits.detach().clone()
    changed[:, :2, :, 2] += torch.randn(3, 2, 4)  # columns 16..23, all within 12 of column 20
    student = given.student._replace(logits=changed)
    assert term(student, given.teacher, given.clip).item() == pytest.approx(0, abs=1e-9)
    changed[:, :2, :, 0] += 1
    assert term(student, given.teacher, given.clip) > 1e-6


def test_a_window_without_a_middle_is_refused():
    with pytest.raises(BdnetError, match=r"loss.bpkd_body.width=0: an odd number"):
        BpkdBody(width=0)
