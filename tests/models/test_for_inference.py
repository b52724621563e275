"""Networks converted for inference: fewer operations, the same logits."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bdnet.models.base import Step
from bdnet.models.bdnet import BDNet
from bdnet.models.boundary.warped import WarpedBoundary
from bdnet.models.for_inference import for_inference
from bdnet.models.head.deeplabv2 import DeepLabV2
from bdnet.models.propagation.vectors import Vectors
from networks import build, combinations, random_clip, single, stream, without_zeros


def norms(model: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@pytest.mark.parametrize("name", combinations())
@torch.no_grad()
def test_every_network_keeps_its_logits(name: str):
    model = build(*combinations()[name])
    converted = for_inference(model)
    assert norms(converted) < norms(model)
    clip = single(random_clip(64, 96, 4, [3]), 0)
    before = stream(model, clip)
    after = stream(converted.to(memory_format=torch.channels_last), clip)
    assert not torch.equal(before, after)
    assert float((before - after).abs().max()) < 1e-4 * float(before.std())


@pytest.mark.parametrize(
    "backbone", ["resnet18", "mobilenetv3_small_050", "regnetx_002", "efficientnet_lite0"]
)
def test_backbones_lose_every_norm_that_follows_a_convolution(backbone: str):
    model = without_zeros(BDNet(3, DeepLabV2, WarpedBoundary, Vectors(), backbone))
    converted = for_inference(model)
    assert norms(model) > 15
    assert norms(converted) == 0
    assert not converted.training
    assert not any(parameter.requires_grad for parameter in converted.parameters())


def test_the_network_itself_is_not_changed():
    model = build("+model=bdnet").train()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    for_inference(model)
    assert model.training
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


@pytest.mark.parametrize(("classes", "is_split"), [(3, True), (40, False)])
@torch.no_grad()
def test_a_split_head_saves_operations_between_keyframes(classes: int, is_split: bool):
    model = build("+model=bdnet", "model/boundary=none", classes=classes, backbone="resnet10t")
    converted = for_inference(model)
    assert (converted.split_head is not None) == is_split
    clip = random_clip(61, 99, 3, [2])
    torch.testing.assert_close(stream(converted, clip), model(clip).logits, atol=1e-3, rtol=1e-3)
    costs = []
    for network in (model, converted):
        state, _ = network.step(network.start(), Step(clip.images[:, 0], is_key=True))
        with FlopCounterMode(display=False) as counter:
            network.step(state, Step(None, clip.motion[:, 0], clip.valid[:, 0]))
        costs.append(counter.get_total_flops())
    assert (costs[1] == 0) == is_split  # shifts and sums alone
    assert costs[0] > 0


def test_a_convolution_whose_result_is_used_elsewhere_too_is_not_folded():
    class Twice(DeepLabV2):
        """Uses a convolution's result with its norm and without."""

        def __init__(self, backbone, classes):
            super().__init__(backbone, classes)
            self.mix = nn.Conv2d(backbone.channels, backbone.channels, 1)
            self.norm = nn.BatchNorm2d(backbone.channels)

        def forward(self, feature, *_):
            mixed = self.mix(feature)
            return super().forward(mixed + self.norm(mixed))

        def split(self, _):
            return None

    model = without_zeros(BDNet(3, Twice, WarpedBoundary, Vectors(), "test_resnet"))
    converted = for_inference(model)
    assert norms(converted) == norms(model)
    clip = single(random_clip(64, 96, 4, [3]), 0)
    with torch.no_grad():
        assert torch.equal(stream(converted, clip), stream(model, clip))
