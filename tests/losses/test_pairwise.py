"""D_inn, reading B, against its formula."""

import numpy as np
import pytest
import torch

from bdnet.losses.pairwise import Pairwise
from bdnet.types import IGNORE, Prediction
from losses.reference import both_precisions, case, check_formula, cosine, counted_cells


def reference(n: int):
    def parts(features, labels, b):
        """The maximum of each channel in each part; None where nothing counts."""
        height, width = features.shape[-2:]
        result = []
        for y, x in np.ndindex(n, n):
            members = [
                features[b, :, i, j]
                for sample, i, j, _ in counted_cells(labels, (height, width))
                # a row belongs to part y if it lies between the part's rounded-out borders
                if sample == b
                and y * height // n <= i < -(-(y + 1) * height // n)
                and x * width // n <= j < -(-(x + 1) * width // n)
            ]
            result.append(np.max(members, axis=0) if members else None)
        return result

    def difference(student, teacher, labels) -> float:
        terms = []
        for b in range(len(labels)):
            ours, theirs = (parts(outputs.features, labels, b) for outputs in (student, teacher))
            there = [k for k in range(n * n) if ours[k] is not None and theirs[k] is not None]
            terms += [
                (cosine(theirs[i], theirs[j]) - cosine(ours[i], ours[j])) ** 2
                for i in there
                for j in there
            ]
        return float(np.mean(terms))

    return difference


@both_precisions
@pytest.mark.parametrize("parts", [2, 3])
def test_agrees_with_its_formula(dtype: torch.dtype, parts: int):
    check_formula(Pairwise(parts=parts), reference(parts), dtype)


def test_a_part_that_is_all_void_has_no_pairs():
    given = case()
    labels = given.clip.labels.clone()
    labels[:, :16, :20] = IGNORE
    labels[:, 16:, 20:] = 1
    loss = Pairwise()(given.student, given.teacher, given.labelled(labels).clip)
    numpy = [
        type("P", (), {"features": outputs.features.detach().double().numpy()})
        for outputs in (given.student, given.teacher)
    ]
    assert loss.item() == pytest.approx(reference(2)(*numpy, labels.numpy()), rel=1e-4)


@pytest.mark.parametrize(("height", "width"), [(4, 6), (5, 7)])
@pytest.mark.parametrize("parts", [2, 3])
def test_the_published_code_has_parts_of_whole_cells_and_constant_lengths(
    height: int, width: int, parts: int
):
    torch.manual_seed(0)
    ours = torch.randn(2, 6, height, width, requires_grad=True)
    theirs = torch.randn(2, 6, height, width)
    labels = torch.zeros(2, 8 * height, 8 * width, dtype=torch.long)
    logits = torch.zeros(2, 3, height, width)
    loss = Pairwise(parts=parts, as_published=True).value(
        Prediction(logits, ours), Prediction(logits, theirs), labels
    )
    (gradient,) = torch.autograd.grad(loss, ours)

    def vectors(features: torch.Tensor) -> list[torch.Tensor]:
        tall, wide = height // parts, width // parts
        return [
            features[:, y : y + tall, x : x + wide].flatten(1).max(1).values
            for y in range(0, height, tall)
            for x in range(0, width, wide)
        ]

    copy = ours.detach().clone().requires_grad_()
    terms = []
    for sample in range(2):
        own, other = vectors(copy[sample]), vectors(theirs[sample])
        own = [vector / (vector.norm().detach() + 1e-8) for vector in own]
        other = [vector / (vector.norm() + 1e-8) for vector in other]
        pairs = [(i, j) for i in range(len(own)) for j in range(len(own))]
        terms += [(other[i] @ other[j] - own[i] @ own[j]) ** 2 for i, j in pairs]
    expected = torch.stack(terms).mean()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(gradient, torch.autograd.grad(expected, copy)[0])
