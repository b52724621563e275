"""Heads, and logits at the picture's size."""

import pytest
import torch
from torch.nn import functional

from bdnet.models.heads import DeepLabV2, label_map, upsample


def test_scores_are_the_sum_of_dilated_convolutions():
    head = DeepLabV2(6, 4)
    feature = torch.randn(2, 6, 30, 28)
    expected = sum(
        functional.conv2d(feature, branch.weight, branch.bias, padding=d, dilation=d)
        for branch, d in zip(head.branches, (6, 12, 18, 24), strict=True)
    )
    torch.testing.assert_close(head(feature), expected)


@pytest.mark.parametrize(("height", "width"), [(30, 55), (7, 13), (1, 2), (24, 24)])
@torch.no_grad()
def test_split_head_is_the_head(height: int, width: int):
    head = DeepLabV2(64, 3)
    assert head.is_split
    feature = torch.randn(2, 64, height, width)
    pointed = head.pointwise(feature)
    assert pointed.shape == (2, 33 * 3, height, width)
    torch.testing.assert_close(head.spatial(pointed), head(feature), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_head_of_many_classes_is_not_split():
    head = DeepLabV2(8, 5)
    feature = torch.randn(1, 8, 9, 9)
    assert head.pointwise(feature) is feature
    assert torch.equal(head.spatial(feature), head(feature))


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
