"""Pyramid pooling, whole and in parts."""

import pytest
import torch
from torch.nn import functional

from bdnet.models.errors import BadModel
from bdnet.models.pyramid import PyramidPooling


def of_part(whole: PyramidPooling, parts: int, part: int) -> PyramidPooling:
    """The pooling of one part with the weights that the whole has for it."""
    made = PyramidPooling(whole.channels, parts, part).train(whole.training)
    for mine, theirs in zip(made.branches, whole.branches, strict=True):
        weights = {
            name: tensor.chunk(parts)[part] if tensor.ndim else tensor
            for name, tensor in theirs.state_dict().items()
        }
        mine.load_state_dict(weights)
    return made


@torch.no_grad()
def test_it_is_the_feature_beside_means_over_regions():
    pooling = PyramidPooling(8).eval()
    feature = torch.randn(2, 8, 12, 18)
    pooled = pooling(feature)
    assert pooled.shape == (2, 16, 12, 18)
    assert torch.equal(pooled[:, :8], feature)
    for number, count in enumerate((1, 2, 3, 6)):
        rows, columns = 12 // count, 18 // count
        means = feature.unflatten(2, (count, rows)).unflatten(4, (count, columns)).mean((3, 5))
        convolution, norm, _ = pooling.branches[number]
        mixed = torch.einsum("oi,bihw->bohw", convolution.weight[..., 0, 0], means)
        mixed = (mixed / (1 + norm.eps) ** 0.5).relu()
        expected = functional.interpolate(mixed, (12, 18), mode="bilinear", align_corners=True)
        torch.testing.assert_close(pooled[:, 8 + 2 * number : 10 + 2 * number], expected)


@pytest.mark.parametrize("parts", [2, 4])
@torch.no_grad()
def test_a_part_is_its_share_of_the_whole(parts: int):
    torch.manual_seed(0)
    whole, feature = PyramidPooling(32), torch.randn(2, 32, 7, 9)
    members = whole.members(parts)
    assert sorted(members.flatten().tolist()) == list(range(whole.out))
    everything = whole(feature)
    for part in range(parts):
        scores = of_part(whole, parts, part)(feature)
        torch.testing.assert_close(scores, everything[:, members[part]])


def test_groups_of_the_first_half_are_what_the_first_of_two_parts_keeps():
    whole = PyramidPooling(32)
    quarters, halves = whole.members(4), whole.members(2)
    assert set(quarters[:2].flatten().tolist()) == set(halves[0].tolist())
    assert set(quarters[2:].flatten().tolist()) == set(halves[1].tolist())


def test_sizes_of_the_published_networks():
    assert PyramidPooling(512, 2, 1).out == 256 + 4 * 64
    assert PyramidPooling(2048, 2, 1).out == 1024 + 4 * 256


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (5, 6), (7, 11)])
def test_any_size_will_do(size: tuple[int, int]):
    assert PyramidPooling(8)(torch.randn(1, 8, *size)).shape == (1, 16, *size)


def test_one_picture_can_be_trained_on():
    """Its mean is one value per channel, which batch normalisation refuses."""
    pooling, feature = PyramidPooling(8).train(), torch.randn(1, 8, 6, 6)
    pooling(feature).square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in pooling.parameters())


def test_channels_that_cannot_be_shared_out_are_refused():
    with pytest.raises(BadModel, match=r"24 channels .* 4: .* 16 channels"):
        PyramidPooling(24, 4)
    with pytest.raises(BadModel, match=r"24 channels .* 0"):
        PyramidPooling(24).members(0)
    with pytest.raises(BadModel, match=r"part=2: .*parts=2"):
        PyramidPooling(16, 2, 2)
