"""The edge target by hand, and the balanced loss against its formula."""

import math

import numpy as np
import pytest
import torch

from bdnet.losses.boundary import BoundaryLoss, edge_target, radius_at
from bdnet.types import IGNORE
from losses.reference import bilinear, both_precisions, case, check_formula


def reference(radius: int):
    def balanced(student, teacher, labels) -> float:
        size = labels.shape[1:]
        edges = 1 / (1 + np.exp(-bilinear(student.edges, size)[:, 0]))
        kinds: dict[bool, list[float]] = {True: [], False: []}
        for b, i, j in np.ndindex(labels.shape):
            around = labels[
                b, max(0, i - radius) : i + radius + 1, max(0, j - radius) : j + radius + 1
            ]
            if (around == IGNORE).any():
                continue
            is_edge = bool((around != labels[b, i, j]).any())
            kinds[is_edge].append(-math.log(edges[b, i, j] if is_edge else 1 - edges[b, i, j]))
        known = len(kinds[True]) + len(kinds[False])
        shares = {kind: len(losses) / known for kind, losses in kinds.items()}
        return sum(shares[not kind] * sum(losses) for kind, losses in kinds.items()) / known

    return balanced


@both_precisions
@pytest.mark.parametrize("radius", [1, 2])
def test_agrees_with_its_formula(dtype: torch.dtype, radius: int):
    check_formula(BoundaryLoss(radius=radius), reference(radius), dtype)


@both_precisions
def test_radius_follows_the_size_by_default(dtype: torch.dtype):
    check_formula(BoundaryLoss(), reference(radius_at(32, 40)), dtype)
    assert [radius_at(*size) for size in ((1024, 2048), (512, 1024), (128, 256), (2048, 4096))] == [
        *(2, 1, 1, 4)
    ]


def test_edges_lie_on_both_sides_of_a_change_and_not_near_void():
    labels = torch.tensor([[[0, 0, 0, 1, 1, 1, 1, IGNORE, 2, 2]]])
    is_edge, known = edge_target(labels, 1)
    assert known[0, 0].tolist() == [True] * 6 + [False] * 3 + [True]
    assert (is_edge & known)[0, 0].tolist() == [False, False, True, True] + [False] * 6
    is_edge, known = edge_target(labels, 2)
    assert known[0, 0].tolist() == [True] * 5 + [False] * 5
    assert (is_edge & known)[0, 0].tolist() == [False, True, True, True, True] + [False] * 5


def test_edges_and_the_rest_have_half_of_the_say_each():
    """At logit 0 the gradient of all edge pixels cancels that of all others."""
    given = case()
    edges = torch.zeros(3, 1, 32, 40, requires_grad=True)
    loss = BoundaryLoss()(given.student._replace(edges=edges), None, given.clip)
    loss.backward()
    assert edges.grad.sum().item() == pytest.approx(0, abs=1e-7)
    is_edge, known = edge_target(given.clip.labels, 1)
    share = ((is_edge & known).sum() / known.sum()).item()
    assert loss.item() == pytest.approx(2 * share * (1 - share) * math.log(2), rel=1e-5)


def test_a_picture_without_edges_is_at_its_minimum():
    given = case()
    loss = BoundaryLoss()(
        given.student, None, given.labelled(torch.zeros_like(given.clip.labels)).clip
    )
    assert loss.item() == 0
