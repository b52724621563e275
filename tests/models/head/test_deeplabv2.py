"""DeepLabV2's head."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from bdnet.models.addition import Addition
from bdnet.models.head.deeplabv2 import DeepLabV2


def test_scores_are_the_sum_of_dilated_convolutions():
    head = DeepLabV2(SimpleNamespace(channels=6), 4)
    feature = torch.randn(2, 6, 30, 28)
    expected = sum(
        functional.conv2d(feature, branch.weight, branch.bias, padding=d, dilation=d)
        for branch, d in zip(head.branches, (6, 12, 18, 24), strict=True)
    )
    torch.testing.assert_close(head(feature), expected)


@pytest.mark.parametrize(("height", "width"), [(30, 55), (7, 13), (1, 2), (24, 24)])
@torch.no_grad()
def test_split_head_is_the_head(height: int, width: int):
    head = DeepLabV2(SimpleNamespace(channels=64), 3)
    assert head.is_split
    feature = torch.randn(2, 64, height, width)
    pointed = head.pointwise(feature)
    assert pointed.shape == (2, 33 * 3, height, width)
    torch.testing.assert_close(head.spatial(pointed), head(feature), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(30, 55), (7, 13), (1, 2)])
@torch.no_grad()
def test_what_is_added_to_the_split_head_is_added_to_its_maps(height: int, width: int):
    head = DeepLabV2(SimpleNamespace(channels=64), 3)
    pointed = torch.randn(2, 33 * 3, height, width)
    addition = Addition(torch.randn(2, 4, height, width), torch.randn(33 * 3, 4, 1, 1))
    expected = head.spatial(addition.to(pointed))
    torch.testing.assert_close(
        head.spatial(pointed, addition=addition), expected, atol=1e-4, rtol=1e-4
    )


@torch.no_grad()
def test_head_of_many_classes_is_not_split():
    head = DeepLabV2(SimpleNamespace(channels=8), 5)
    feature = torch.randn(1, 8, 9, 9)
    assert head.pointwise(feature) is feature
    assert torch.equal(head.spatial(feature), head(feature))
    addition = Addition(torch.randn(1, 2, 9, 9), torch.randn(8, 2, 1, 1))
    whole = addition.to(feature)
    assert torch.equal(head.spatial(feature, addition=addition), head(whole))
    assert not torch.equal(whole, feature)


class Spatial(torch.nn.Module):
    def __init__(self, head: DeepLabV2) -> None:
        super().__init__()
        self.head = head

    def forward(self, pointed: torch.Tensor) -> torch.Tensor:
        return self.head.spatial(pointed)


@torch.no_grad()
def test_exported_for_one_size_it_is_the_head_at_any():
    """Where it is traced, most of the taps see nothing but zeros."""
    head = DeepLabV2(SimpleNamespace(channels=64), 2)
    sides = {2: torch.export.Dim("rows"), 3: torch.export.Dim("columns")}
    example = head.pointwise(torch.randn(1, 64, 5, 7))
    program = torch.export.export(Spatial(head), (example,), dynamic_shapes=(sides,)).module()
    for height, width in ((5, 7), (30, 55), (24, 3)):
        pointed = head.pointwise(torch.randn(1, 64, height, width))
        torch.testing.assert_close(program(pointed), head.spatial(pointed), atol=1e-5, rtol=1e-4)
