"""DeepLabV2's head."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from bdnet.models.head.deeplabv2 import DeepLabV2


def test_scores_are_the_sum_of_dilated_convolutions():
    head = DeepLabV2(SimpleNamespace(channels=6), 4)
    feature = torch.randn(2, 6, 30, 28)
    expected = sum(
        functional.conv2d(feature, branch.weight, branch.bias, padding=d, dilation=d)
        for branch, d in zip(head.branches, (6, 12, 18, 24), strict=True)
    )
    torch.testing.assert_close(head(feature), expected)


@pytest.mark.parametrize("has_thin", [True, False])
@pytest.mark.parametrize(("height", "width"), [(30, 55), (7, 13), (1, 2), (24, 24)])
@torch.no_grad()
def test_the_split_head_is_the_head(height: int, width: int, has_thin: bool):
    head = DeepLabV2(SimpleNamespace(channels=64), 3)
    feature, thin = torch.randn(2, 64, height, width), torch.randn(2, 4, height, width)
    fuse = torch.randn(64, 4, 1, 1)
    split = head.split(fuse if has_thin else None)
    pointed = split.pointwise(feature)
    assert pointed.shape == (2, 33 * 3, height, width)
    whole = feature + functional.conv2d(thin, fuse) if has_thin else feature
    scores = split(pointed, thin if has_thin else None)
    torch.testing.assert_close(scores, head(whole), atol=1e-4, rtol=1e-4)


def test_a_head_of_many_classes_is_not_split():
    assert DeepLabV2(SimpleNamespace(channels=8), 5).split(None) is None


@torch.no_grad()
def test_exported_for_one_size_it_is_the_head_at_any():
    """At the size that is traced, most of the taps see nothing but zeros."""
    head = DeepLabV2(SimpleNamespace(channels=64), 2)
    split = head.split(torch.randn(64, 4, 1, 1))
    sides = {2: torch.export.Dim("rows"), 3: torch.export.Dim("columns")}
    example = torch.randn(1, 66, 5, 7), torch.randn(1, 4, 5, 7)
    program = torch.export.export(split, example, dynamic_shapes=(sides, sides)).module()
    for height, width in ((5, 7), (30, 55), (24, 3)):
        pointed, thin = torch.randn(1, 66, height, width), torch.randn(1, 4, height, width)
        torch.testing.assert_close(program(pointed, thin), split(pointed, thin))
