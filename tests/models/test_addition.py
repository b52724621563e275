"""What is added to a feature by a 1x1 convolution of a thin map."""

import torch

from bdnet.models.addition import Addition, added


def test_it_is_a_1x1_convolution_of_the_thin_map():
    thin, weight = torch.randn(2, 3, 5, 7), torch.randn(6, 3, 1, 1)
    feature = torch.randn(2, 6, 5, 7).contiguous(memory_format=torch.channels_last)
    found = Addition(thin, weight).to(feature)
    expected = feature + torch.einsum("bfhw,cf->bchw", thin, weight[..., 0, 0])
    torch.testing.assert_close(found, expected)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(added(feature, Addition(thin, weight)), found)


def test_nothing_can_be_added():
    feature = torch.randn(1, 2, 3, 4)
    assert added(feature, None) is feature
