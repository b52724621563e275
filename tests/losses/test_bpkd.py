"""BPKD's terms against their formulas, and the outlines that they are about."""

import numpy as np
import pytest
import torch

from bdnet.errors import BdnetError
from bdnet.losses.bpkd import BpkdBody, BpkdEdge, outlines
from bdnet.types import IGNORE
from losses.reference import CLASSES, bilinear, both_precisions, case, check_formula, softmax
from losses.test_channelwise import divergence_of_places

ALPHA, WIDTH = 2.0, 3


def bands(labels, teacher, width: int):
    """M [b, classes, h, w], pixel by pixel."""
    count, height, columns = labels.shape
    size = teacher.shape[-2:]
    if_unlabelled = bilinear(teacher, (height, columns)).argmax(1)
    labels = np.stack([
        seen if (given == IGNORE).all() else given
        for given, seen in zip(labels, if_unlabelled, strict=True)
    ])  # fmt: skip
    masks = np.zeros((count, teacher.shape[1], *size))
    rows, wide = height // size[0], columns // size[1]
    reach = width // 2
    for b, c, i, j in np.ndindex(masks.shape):
        shares = []
        for y in range(i * rows, (i + 1) * rows):
            for x in range(j * wide, (j + 1) * wide):
                window = labels[
                    b, max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1
                ]
                near_void = (window == IGNORE).any()
                members = window == c
                shares.append(np.nan if near_void else float(members.any()) - float(members.all()))
        masks[b, c, i, j] = 0 if np.isnan(shares).any() else np.mean(shares)
    return masks


def edge(student, teacher, labels) -> float:
    size = teacher.logits.shape[-2:]
    ours, theirs = bilinear(student.logits, size), teacher.logits
    masks = bands(labels, teacher.logits, WIDTH)
    phi = np.zeros((len(labels), *size))
    for b, i, j in np.ndindex(phi.shape):
        p, q = (softmax(maps[b, :, i, j] * masks[b, :, i, j]) for maps in (theirs, ours))
        phi[b, i, j] = sum(p * np.log(p / q))
    total = 0.0
    for c in range(masks.shape[1]):
        cells = (masks[:, c] > 0).sum()
        if cells:
            total += ALPHA / cells * (phi * masks[:, c]).sum()
    return total


def body(tau: float):
    def value(student, teacher, labels) -> float:
        ours, theirs = bilinear(student.logits, teacher.logits.shape[-2:]), teacher.logits
        inside = 1 - bands(labels, theirs, WIDTH)
        return divergence_of_places(ours * inside, theirs * inside, labels, tau)

    return value


@both_precisions
def test_edge_agrees_with_its_formula(dtype: torch.dtype):
    check_formula(BpkdEdge(alpha=ALPHA, width=WIDTH), edge, dtype)


@both_precisions
@pytest.mark.parametrize("tau", [1.0, 2.0])
def test_body_agrees_with_its_formula(dtype: torch.dtype, tau: float):
    check_formula(BpkdBody(tau=tau, width=WIDTH), body(tau), dtype)


def test_far_from_outlines_the_edge_term_is_free():
    given = case(twins=True)
    given = given.labelled((torch.arange(40) >= 8).long().expand(3, 32, 40))
    right = torch.zeros_like(given.student.logits)
    right[..., 3:] = torch.randn(3, 4, 4, 2)
    student = given.student._replace(logits=given.student.logits + right)
    assert BpkdEdge()(student, given.teacher, given.clip).item() == pytest.approx(0, abs=1e-9)


def test_on_outlines_the_body_term_is_free():
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


@pytest.mark.parametrize(("kind", "width"), [(BpkdEdge, 6), (BpkdBody, 0)])
def test_a_window_without_a_middle_is_refused(kind, width: int):
    with pytest.raises(BdnetError, match=rf"width={width}"):
        kind(width=width)


def test_is_what_a_window_around_each_pixel_says():
    given = case()
    labels = given.clip.labels.clone()
    labels[0] = (torch.arange(40) // 14).expand(32, 40)
    labels[2] = IGNORE
    teacher = given.teacher.logits.detach()
    actual = outlines(labels, teacher, 3)
    expected = bands(labels.numpy(), teacher.double().numpy(), 3)
    assert actual.shape == (3, CLASSES, 8, 10)
    np.testing.assert_allclose(actual.numpy(), expected, atol=1e-6)
    assert all((outline > 0).any() for outline in (actual[0], actual[2]))


def test_a_straight_outline_is_as_wide_as_the_window_says():
    labels = (torch.arange(64) >= 32).long().expand(1, 16, 64)
    masks = outlines(labels, torch.zeros(1, 2, 16, 64), 7)
    assert masks[0, 0, 5].nonzero().flatten().tolist() == list(range(29, 35))
    assert torch.equal(masks[0, 0], masks[0, 1])


def test_void_hides_the_outline_of_cells_near_it():
    labels = (torch.arange(64) >= 32).long().repeat(64, 1)[None]
    labels[:, :32] = torch.where(torch.arange(64) < 30, 0, IGNORE)
    masks = outlines(labels, torch.zeros(1, 2, 8, 8), 7)
    assert not masks[0, :, :5].any()
    assert (masks[0, :, 5:, 3:5] > 0).all()
