"""Networks without batch normalisation say what they said with it."""

import pytest
import torch
from torch import nn

from bdnet.models.bdnet import BDNet
from bdnet.models.boundary.warped import WarpedBoundary
from bdnet.models.folding import folded
from bdnet.models.head.deeplabv2 import DeepLabV2
from bdnet.models.propagation.vectors import Vectors
from networks import awake, build, combinations, one, random_clip, stream


def norms(model: nn.Module) -> int:
    return sum(isinstance(each, nn.BatchNorm2d) for each in model.modules())


@pytest.mark.parametrize("name", combinations())
@torch.no_grad()
def test_every_network_says_the_same(name: str):
    model = build(*combinations()[name])
    made = folded(model)
    assert norms(made) < norms(model)
    clip = one(random_clip(64, 96, 4, [3]), 0)
    before, after = stream(model, clip), stream(made, clip)
    assert not torch.equal(before, after)
    assert float((before - after).abs().max()) < 1e-3 * float(before.std())


@pytest.mark.parametrize(
    "backbone", ["resnet18", "mobilenetv3_small_050", "regnetx_002", "efficientnet_lite0"]
)
def test_no_norm_is_left_of_backbones_that_have_one_after_each_convolution(backbone: str):
    model = awake(BDNet(3, DeepLabV2, WarpedBoundary, Vectors(), backbone))
    made = folded(model)
    assert norms(model) > 15
    assert norms(made) == 0
    assert not made.training
    assert not any(each.requires_grad for each in made.parameters())


def test_the_network_itself_stays_as_it_is():
    model = build("+model=bdnet").train()
    before = {name: each.clone() for name, each in model.state_dict().items()}
    folded(model)
    assert model.training
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())
    assert all(each.requires_grad for each in model.parameters())
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in model.modules())


def test_a_convolution_whose_result_goes_elsewhere_too_is_left_alone():
    class Twice(DeepLabV2):
        """Its context is heard with its norm and without."""

        def __init__(self, backbone, classes):
            super().__init__(backbone, classes)
            self.mix = nn.Conv2d(backbone.channels, backbone.channels, 1)
            self.norm = nn.BatchNorm2d(backbone.channels)
            self.is_split = False

        def forward(self, feature, *_):
            mixed = self.mix(feature)
            return super().forward(mixed + self.norm(mixed))

    model = awake(BDNet(3, Twice, WarpedBoundary, Vectors(), "test_resnet"))
    made = folded(model)
    assert norms(made) == norms(model)
    clip = one(random_clip(64, 96, 4, [3]), 0)
    with torch.no_grad():
        assert torch.equal(stream(made, clip), stream(model, clip))
