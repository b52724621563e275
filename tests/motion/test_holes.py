"""Holes of a motion field, filled from around them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bdnet.motion.holes import REACHES, fill


def field(height: int, width: int, holes: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    motion = 8 * torch.randn(2, height, width, generator=generator)
    valid = torch.rand(height, width, generator=generator) >= holes
    return motion * valid, valid


def reference(motion: Tensor, valid: Tensor) -> Tensor:
    """The same, cell by cell."""
    filled = motion.clone()
    for row, column in (~valid).nonzero().tolist():
        for reach in (*REACHES, max(valid.shape)):
            window = tuple(slice(max(0, cell - reach), cell + reach + 1) for cell in (row, column))
            if valid[window].any():
                filled[:, row, column] = motion[:, *window][:, valid[window]].mean(1)
                break
    return filled


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 23), st.integers(1, 43),
    st.sampled_from([0.0, 0.1, 0.5, 0.95, 1.0]), st.integers(0, 99),
)  # fmt: skip
def test_a_hole_is_the_mean_of_the_smallest_window_that_knows_something(height, width, holes, seed):
    motion, valid = field(height, width, holes, seed)
    torch.testing.assert_close(fill(motion, valid), reference(motion, valid), atol=1e-4, rtol=1e-4)


def test_what_is_known_stays_bit_by_bit():
    motion, valid = field(45, 60, 0.2)
    assert torch.equal(fill(motion, valid)[:, valid], motion[:, valid])


@pytest.mark.parametrize("holes", [0.3, 0.99])
def test_a_pan_has_no_holes_afterwards(holes: float):
    _, valid = field(37, 61, holes)
    shift = torch.tensor([3.25, -1.5])[:, None, None]
    torch.testing.assert_close(fill(shift * valid, valid), shift.expand(2, 37, 61))


def test_a_hole_in_a_zoom_moves_as_what_is_around_it():
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(48.0), indexing="ij")
    zoom = torch.stack([0.2 * (x - 24), 0.2 * (y - 16)])
    valid = torch.ones(32, 48, dtype=torch.bool)
    valid[10:14, 20:26] = False
    left = zoom * valid
    filled = fill(left, valid)
    assert (filled - zoom).norm(dim=0)[~valid].max() < 0.5 * (left - zoom).norm(dim=0)[~valid].max()


def test_nothing_known_is_no_motion():
    valid = torch.zeros(2, 9, 7, dtype=torch.bool)
    assert torch.equal(fill(torch.zeros(2, 2, 9, 7), valid), torch.zeros(2, 2, 9, 7))


def test_fields_of_a_batch_do_not_mix():
    fields = [field(13, 18, holes, seed) for seed, holes in enumerate((0.1, 0.5, 1.0, 0.0))]
    motion, valid = (
        torch.stack(part).view(2, 2, *part[0].shape) for part in zip(*fields, strict=True)
    )
    whole = fill(motion, valid).view(4, 2, 13, 18)
    for index, (motion, valid) in enumerate(fields):
        torch.testing.assert_close(whole[index], fill(motion, valid))


def test_a_mirrored_field_is_filled_as_its_mirror_image():
    motion, valid = field(31, 65, 0.4)
    mirrored = torch.stack([-motion[0], motion[1]]).flip(-1)
    filled = fill(mirrored, valid.flip(-1))
    wanted = fill(motion, valid)
    torch.testing.assert_close(filled, torch.stack([-wanted[0], wanted[1]]).flip(-1))
