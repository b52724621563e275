"""D_inn, reading B, against its formula."""

import numpy as np
import pytest
import torch

from bdnet.losses.pairwise import Pairwise
from bdnet.types import IGNORE
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
