"""PSPNet's head, whole and by groups of its channels."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from bdnet.models.errors import BadModel
from bdnet.models.head.pspnet import PSPNet
from networks import without_zeros


def head(channels: int = 32) -> PSPNet:
    torch.manual_seed(0)
    return without_zeros(PSPNet(SimpleNamespace(channels=channels), 5))


@torch.no_grad()
def test_it_is_pyramid_convolution_and_classifier():
    model, feature = head(), torch.randn(2, 32, 7, 9)
    norm, _, dropout, classify = model.fcn.score
    mixed = functional.conv2d(model.pyramid(feature), model.fcn.mix.weight, padding=1)
    assert mixed.shape == (2, 8, 7, 9)
    centred = (mixed - norm.running_mean[:, None, None]) / (1 + norm.eps) ** 0.5
    scaled = centred * norm.weight[:, None, None] + norm.bias[:, None, None]
    expected = functional.conv2d(scaled.relu(), classify.weight, classify.bias)
    torch.testing.assert_close(model(feature), expected, atol=1e-5, rtol=1e-5)
    assert dropout.p == 0.1


@torch.no_grad()
def test_one_group_is_the_whole():
    model, feature = head(), torch.randn(2, 32, 7, 9)
    torch.testing.assert_close(model.score_groups(model.mixed(feature, 1))[:, 0], model(feature))


@pytest.mark.parametrize("groups", [2, 4])
@torch.no_grad()
def test_groups_of_the_convolution_add_up_to_it(groups: int):
    model, feature = head(), torch.randn(2, 32, 7, 9)
    mixed = model.mixed(feature, groups)
    assert mixed.shape == (2, groups, 8, 7, 9)
    pooled = model.pyramid(feature)
    torch.testing.assert_close(mixed.sum(1), model.fcn.mix(pooled), atol=1e-5, rtol=1e-5)
    for group, members in enumerate(model.pyramid.members(groups)):
        hidden = torch.zeros_like(pooled)
        hidden[:, members] = pooled[:, members]
        part = model.fcn.mix(hidden)
        torch.testing.assert_close(mixed[:, group], part, atol=1e-5, rtol=1e-5)
        expected = model.fcn.score(groups * part)
        scores = model.score_groups(mixed)[:, group]
        torch.testing.assert_close(scores, expected, atol=1e-4, rtol=1e-4)


def test_groups_that_do_not_go_up_in_the_channels_are_refused():
    with pytest.raises(BadModel, match=r"32 channels .* 3"):
        head().mixed(torch.randn(1, 32, 4, 4), 3)
