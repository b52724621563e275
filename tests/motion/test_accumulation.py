"""Accumulation against a slow literal version of what it promises."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bdnet.motion.accumulation import accumulate
from bdnet.types import CELL


def accumulate_literally(
    motion: NDArray[np.float64], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """D_t(p) = v_t(p) + D_{t-1}(p + v_t(p)), cell by cell."""
    _, _, height, width = motion.shape
    field, whole = np.zeros((2, height, width)), np.ones((height, width), np.bool_)
    for step, trust in zip(motion, valid, strict=True):
        before, before_whole = field.copy(), whole.copy()
        for row, column in np.ndindex(height, width):
            x = np.clip(column + step[0, row, column] / CELL, 0, width - 1)
            y = np.clip(row + step[1, row, column] / CELL, 0, height - 1)
            field[:, row, column] = step[:, row, column]
            whole[row, column] = trust[row, column]
            for near_y in {int(np.floor(y)), int(np.ceil(y))}:
                for near_x in {int(np.floor(x)), int(np.ceil(x))}:
                    weight = (1 - abs(x - near_x)) * (1 - abs(y - near_y))
                    field[:, row, column] += weight * before[:, near_y, near_x]
                    whole[row, column] &= before_whole[near_y, near_x]
    return field, whole


@pytest.mark.parametrize("leading", [(), (3,), (2, 2)])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_accumulate_equals_the_formula(leading, steps) -> None:
    rng = np.random.default_rng(steps)
    motion = rng.integers(-60, 60, (*leading, steps, 2, 7, 9)) / 4
    valid = rng.random((*leading, steps, 7, 9)) > 0.05
    motion *= np.expand_dims(valid, -3)
    field, whole = accumulate(torch.from_numpy(motion), torch.from_numpy(valid))
    assert field.shape == (*leading, 2, 7, 9)
    assert field.dtype == torch.float64
    for index in np.ndindex(leading):
        wanted, wanted_whole = accumulate_literally(motion[index], valid[index])
        np.testing.assert_allclose(field[index].numpy(), wanted, atol=2e-4)
        np.testing.assert_array_equal(whole[index].numpy(), wanted_whole)


@pytest.mark.parametrize("leading", [(), (3,), (0,)])
def test_no_steps_are_no_motion(leading) -> None:
    field, whole = accumulate(
        torch.zeros(*leading, 0, 2, 4, 5), torch.zeros(*leading, 0, 4, 5, dtype=torch.bool)
    )
    assert field.shape == (*leading, 2, 4, 5)
    assert not field.any()
    assert whole.shape == (*leading, 4, 5)
    assert whole.all()


def test_a_hole_ends_trust_along_its_path() -> None:
    motion = torch.zeros(3, 2, 4, 6)
    motion[:, 0] = 8.0  # each cell's content came from the cell to its right
    valid = torch.ones(3, 4, 6, dtype=torch.bool)
    valid[0, 1, 4] = False
    _, whole = accumulate(motion, valid)
    assert (~whole).nonzero().tolist() == [[1, 2]]  # two steps to the left of the hole


def test_a_hole_that_is_barely_touched_ends_trust_too() -> None:
    motion = torch.full((2, 2, 4, 6), 0.25)  # a quarter pixel to the right and down
    valid = torch.ones(2, 4, 6, dtype=torch.bool)
    valid[0, 2, 3] = False
    _, whole = accumulate(motion, valid)
    assert (~whole).nonzero().tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]


def test_a_hole_in_the_last_step_stays_where_it_is() -> None:
    valid = torch.ones(3, 4, 6, dtype=torch.bool)
    valid[2, 3, 5] = False
    _, whole = accumulate(torch.zeros(3, 2, 4, 6), valid)
    assert (~whole).nonzero().tolist() == [[3, 5]]


@pytest.mark.parametrize(
    ("motion", "valid", "parts"),
    [
        ((2, 4, 5), (4, 5), ["[..., n, 2, h, w]", "[2, 4, 5]"]),
        ((3, 3, 4, 5), (3, 4, 5), ["[..., n, 2, h, w]", "[3, 3, 4, 5]"]),
        ((3, 2, 4, 5), (2, 4, 5), ["[3, 4, 5]", "[3, 2, 4, 5]", "[2, 4, 5]"]),
    ],
)
def test_accumulate_quotes_wrong_shapes(motion, valid, parts) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        accumulate(torch.zeros(motion), torch.zeros(valid, dtype=torch.bool))
    assert all(part in str(caught.value) for part in parts)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 4), width=st.integers(1, 4), steps=st.integers(0, 3),
    largest=st.sampled_from([1e2, 1e6, 1e30]), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_vectors_of_any_length_give_a_field(height, width, steps, largest, seed) -> None:
    """As damaged streams have them: far outside of the picture, the border is what is there."""
    rng = np.random.default_rng(seed)
    motion = torch.from_numpy(rng.uniform(-largest, largest, (steps, 2, height, width)))
    valid = torch.from_numpy(rng.random((steps, height, width)) > 0.2)
    field, whole = accumulate(motion, valid)
    assert field.shape == (2, height, width)
    assert field.isfinite().all()
    assert field.abs().max() <= steps * largest * (1 + 1e-6)
    if steps:
        assert not (whole & ~valid[-1]).any()  # a hole in the last step is one
    if steps == 1:
        torch.testing.assert_close(field, motion[0])
