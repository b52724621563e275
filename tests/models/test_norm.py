"""Normalisation of what may be a single value."""

import torch
from torch import nn

from bdnet.models.norm import Norm


def test_of_several_values_it_is_batch_normalisation():
    torch.manual_seed(0)
    ours, theirs, values = Norm(3), nn.BatchNorm2d(3), torch.randn(2, 3, 4, 5)
    assert torch.equal(ours(values), theirs(values))
    assert torch.equal(ours.running_var, theirs.running_var)
    assert torch.equal(ours.eval()(values), theirs.eval()(values))


def test_one_value_per_channel_is_normalised_as_in_use_and_changes_nothing():
    norm, values = Norm(2).train(), torch.randn(1, 2, 1, 1, requires_grad=True)
    norm(torch.randn(4, 2, 3, 3))
    before = norm.running_mean.clone()
    normalised = norm(values)
    assert torch.equal(norm.running_mean, before)
    assert before.any()
    torch.testing.assert_close(normalised, norm.eval()(values))
    normalised.sum().backward()
    assert values.grad.all()
