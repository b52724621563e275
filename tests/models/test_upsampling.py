"""Logits at the picture's size."""

import pytest
import torch

from bdnet.models.upsampling import label_map, upsample


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


def test_label_map_is_the_best_class_of_every_pixel():
    logits = torch.randn(2, 7, 8, 13)
    labels = label_map(logits, 61, 99)
    assert labels.dtype == torch.int64
    assert torch.equal(labels, upsample(logits, 61, 99).argmax(1))
