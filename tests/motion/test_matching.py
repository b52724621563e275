"""Motion fields set right by the pictures that they lie between."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from bdnet.data.normalisation import normalise_images
from bdnet.motion.matching import COST_PER_PIXEL, LEAST_GAIN, REACH, SIDE, grey_half, match


def scene(height: int, width: int, seed: int = 0) -> Tensor:
    """A grey picture [1, 1, H, W] with structure of about six pixels."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, 1, height + 8, width + 8, generator=generator)
    return functional.avg_pool2d(noise, 9, 1) * 5


def costs(field: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """How little the pictures look alike at every step of every cell, [7, 7, h, w], one by one."""
    _, rows, columns = field.shape
    height, width = source.shape
    steps = range(-REACH, REACH + 1)
    alone = torch.zeros(len(steps), len(steps), rows, columns)
    for row in range(rows):
        for column in range(columns):
            x, y = (field[:, row, column] / 2).round().long().tolist()
            across = torch.arange(SIDE) + SIDE * column
            down = torch.arange(SIDE) + SIDE * row
            cell = target[down][:, across]
            for dy in steps:
                for dx in steps:
                    there = source[(down + y + dy).clamp(0, height - 1)]
                    there = there[:, (across + x + dx).clamp(0, width - 1)]
                    alone[dy + REACH, dx + REACH, row, column] = (there - cell).abs().mean()
    together = torch.zeros_like(alone)
    for row in range(rows):
        for column in range(columns):
            near = [
                alone[..., min(max(row + i, 0), rows - 1), min(max(column + j, 0), columns - 1)]
                for i in (-1, 0, 1) for j in (-1, 0, 1)
            ]  # fmt: skip
            together[..., row, column] = torch.stack(near).mean(0)
    return together


@settings(deadline=None, max_examples=15)
@given(
    st.integers(1, 5), st.integers(1, 6), st.sampled_from([0.0, 3.0, 50.0, 1e6]),
    st.integers(0, 99),
)  # fmt: skip
def test_no_other_step_is_better_than_the_one_that_it_takes(rows, columns, largest, seed):
    generator = torch.Generator().manual_seed(seed)
    source, target = torch.randn(2, 1, rows * SIDE, columns * SIDE, generator=generator)
    field = (largest * torch.randn(1, 2, rows, columns, generator=generator)).round()
    cost = costs(field[0], source[0], target[0])
    matched = match(field, source[None], target[None])[0]
    stayed = (matched == field[0]).all(0)
    dx, dy = torch.where(stayed, 0, matched / 2 - (field[0] / 2).round()).long()
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    taken = cost[dy + REACH, dx + REACH, row, column]
    step = torch.arange(-REACH, REACH + 1.0)
    distance = COST_PER_PIXEL * torch.hypot(step[:, None], step)[..., None, None]
    least, stay = (cost + distance).flatten(0, 1).amin(0), cost[REACH, REACH]
    assert (stay <= least + LEAST_GAIN + 1e-5)[stayed].all()
    assert (taken + COST_PER_PIXEL * torch.hypot(dx.float(), dy.float()) <= least + 1e-5)[
        ~stayed
    ].all()
    assert (taken + LEAST_GAIN < stay + 1e-5)[~stayed].all()


@pytest.mark.parametrize("shift", [(2, 0), (-6, 4), (0, -2)])
def test_a_pan_is_found_from_nothing(shift: tuple[int, int]):
    picture = scene(64, 96)
    x, y = shift
    # what is at p comes from p + shift
    moved = torch.roll(picture, (-y, -x), (2, 3))
    seen = [grey_half(image.expand(1, 3, 64, 96), 8, 12) for image in (picture, moved)]
    matched = match(torch.zeros(1, 2, 8, 12), *seen)
    inner = matched[..., 2:-2, 2:-2]
    expected = torch.tensor(shift).float()[:, None, None]
    torch.testing.assert_close(inner, expected.expand_as(inner[0])[None])


def test_along_an_edge_a_vector_stays():
    """What cannot be told is left alone: the nearest of places that all look alike."""
    upright = torch.zeros(1, 1, 32, 48)
    upright[..., 20:] = 1
    moved = torch.roll(upright, -2, 3)
    moved[..., -2:] = 1
    for source, target, shift in (
        (upright, moved, (4.0, 0.0)),
        (upright.mT, moved.mT, (0.0, 4.0)),
    ):
        still = torch.zeros(1, 2, *(size // SIDE for size in source.shape[-2:]))
        matched = match(still, source, target)
        expected = torch.tensor(shift)[:, None, None]
        assert ((matched == expected) | (matched == 0)).all()
        assert (matched == expected).all(1).any()


@pytest.mark.parametrize(("contrast", "moves"), [(1, False), (8, True)])
def test_a_grey_level_is_what_a_better_match_must_gain(contrast: int, moves: bool):
    picture = 100 + contrast * (scene(64, 96) > 0).to(torch.uint8)
    moved = torch.roll(picture, -4, 3)
    seen = [
        grey_half(normalise_images(grey.expand(1, 3, 64, 96)), 8, 12) for grey in (picture, moved)
    ]
    matched = match(torch.zeros(1, 2, 8, 12), *seen)[..., 2:-2, 2:-2]
    assert (matched[:, 0] == (4 if moves else 0)).all()


def test_small_pictures_are_grey_halves_whose_border_goes_on():
    image = torch.randn(2, 3, 37, 51)
    seen = grey_half(image.bfloat16(), 5, 7)
    assert seen.dtype == torch.float32
    grey = image.bfloat16().float().mean(1, keepdim=True)
    halves = functional.avg_pool2d(grey, 2)
    torch.testing.assert_close(seen[..., :18, :25], halves)
    torch.testing.assert_close(
        seen[..., 18, :25], functional.avg_pool2d(grey[..., -1:, :], (1, 2))[..., 0, :]
    )
    torch.testing.assert_close(seen[..., -1, -1], grey[..., -1, -1])


def test_what_is_right_already_stays_bit_by_bit():
    picture = grey_half(scene(64, 96).expand(1, 3, 64, 96), 8, 12)
    still = torch.zeros(1, 2, 8, 12)
    assert torch.equal(match(still, picture, picture), still)
    pan = still + torch.tensor([7.75, -3.25])[:, None, None]  # nearest to (8, -4)
    moved = torch.roll(picture, (2, -4), (2, 3))
    assert torch.equal(match(pan, picture, moved)[..., 2:-2, 2:-2], pan[..., 2:-2, 2:-2])


def test_where_nothing_can_be_told_vectors_stay():
    field = 20 * torch.randn(2, 2, 5, 7)
    grey = torch.zeros(2, 1, 20, 28)
    assert torch.equal(match(field, grey, grey + 0.5), field)
    noise = grey + LEAST_GAIN / 3 * torch.rand(2, 1, 20, 28)
    assert torch.equal(match(field, noise, grey), field)


def test_mirrored_pictures_give_mirrored_vectors():
    source, target = scene(40, 56, 1), scene(40, 56, 2)
    field = 6 * torch.randn(1, 2, 5, 7).round()  # no halves, which are rounded to one side
    seen = [grey_half(image.expand(1, 3, 40, 56), 5, 7) for image in (source, target)]
    matched = match(field, *seen)
    sign = torch.tensor([-1.0, 1.0])[:, None, None]
    mirrored = match(sign * field.flip(-1), *(image.flip(-1) for image in seen))
    assert torch.equal(mirrored, sign * matched.flip(-1))


def test_of_each_pair_by_itself_and_of_sizes_that_fill_no_cells():
    pictures = torch.cat([scene(37, 51, seed) for seed in range(4)]).expand(4, 3, 37, 51)
    seen = grey_half(pictures, 5, 7)
    assert seen.shape == (4, 1, 20, 28)
    field = 5 * torch.randn(2, 2, 5, 7)
    both = match(field, seen[:2], seen[2:])
    for pair in range(2):
        alone = match(field[pair][None], seen[pair][None], seen[2 + pair][None])
        assert torch.equal(alone[0], both[pair])
