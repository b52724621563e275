"""Logits at the picture's size."""

import pytest
import torch
from torch.nn import functional

from bdnet.motion import upsampling
from bdnet.motion.upsampling import label_map, upsample


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
@pytest.mark.parametrize(("height", "width"), [(64, 96), (61, 99), (57, 65), (33, 130)])
def test_upsampled_cells_keep_their_centres(stride: int, height: int, width: int):
    rows, columns = -(-height // stride), -(-width // stride)
    centre = torch.arange(columns, dtype=torch.float32) * stride + (stride - 1) / 2
    large = upsample(centre.expand(1, 1, rows, columns), height, width)
    assert large.shape == (1, 1, height, width)
    inner = slice(stride, width - 2 * stride)
    pixels = torch.arange(width, dtype=torch.float32)
    torch.testing.assert_close(large[0, 0, 0, inner], pixels[inner])


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("coarse", [1, 3, 100])
@pytest.mark.parametrize(("height", "width"), [(61, 99), (64, 32), (1, 5)])
def test_label_map_is_the_best_class_of_every_pixel(
    stride: int, coarse: int, height: int, width: int
):
    generator = torch.Generator().manual_seed(stride * coarse)
    cells = -(-height // stride), -(-width // stride)
    # large areas of one class, small ones, and none at all
    few = [min(coarse, side) for side in cells]
    logits = functional.interpolate(torch.randn(2, 7, *few, generator=generator), cells)
    scores = upsample(logits, height, width)
    labels = label_map(logits, height, width)
    assert labels.dtype == torch.uint8
    assert labels.shape == (2, height, width)
    best = scores.topk(2, 1).values
    is_clear = best[:, 0] - best[:, 1] > 1e-5
    assert is_clear.float().mean() > 0.99
    assert torch.equal(labels[is_clear], scores.argmax(1).byte()[is_clear])


def test_label_map_knows_classes_that_win_in_between():
    """The second best of all four corners is the best of what lies in their middle."""
    corners = 9 * torch.eye(4).view(1, 4, 2, 2)
    logits = torch.cat([corners, torch.full((1, 1, 2, 2), 3.0)], 1)
    labels = label_map(logits, 16, 16)[0]
    assert labels[0, 0] == 0
    assert labels[15, 15] == 3
    assert (labels[7:9, 7:9] == 4).all()
    assert torch.equal(labels, upsample(logits, 16, 16).argmax(1)[0].byte())


def test_label_map_takes_patches_in_parts(monkeypatch):
    logits = torch.randn(2, 5, 9, 7)
    at_once = label_map(logits, 72, 56)
    monkeypatch.setattr(upsampling, "PATCHES", 5)
    assert torch.equal(label_map(logits, 72, 56), at_once)
