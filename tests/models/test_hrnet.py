"""HRNet: native resolutions, output at stride four."""

import pytest
import timm
import torch
from torch import nn
from torch.nn import functional

from bdnet.models.errors import BadModel
from bdnet.models.hrnet import HRNet, Mix
from networks import first_and_last, random_clip


@pytest.mark.parametrize(("height", "width"), [(61, 99), (64, 96)])
@torch.no_grad()
def test_output_is_at_stride_four(height: int, width: int):
    model = HRNet(5, "hrnet_w18_small").eval()
    logits, features, edges, *_ = model(first_and_last(random_clip(height, width, 2, [1])))
    assert logits.shape == (1, 5, -(-height // 4), -(-width // 4))
    assert features.shape == (1, 16 + 32 + 64 + 128, -(-height // 8), -(-width // 8))
    assert edges is None


@torch.no_grad()
def test_mix_is_a_convolution_of_the_concatenation():
    mix = Mix([4, 8, 16], 10).eval()
    whole = nn.Conv2d(28, 10, 1, bias=False)
    whole.weight.copy_(torch.cat([part.weight for part in mix.parts], 1))
    branches = [torch.randn(1, 4 << level, 16 >> level, 24 >> level) for level in range(3)]
    large = [
        functional.interpolate(branch, (16, 24), mode="bilinear", align_corners=False)
        for branch in branches
    ]
    expected = functional.relu(mix.norm(whole(torch.cat(large, 1))))
    torch.testing.assert_close(mix(branches), expected, atol=1e-5, rtol=1e-4)


def test_backbone_from_a_file(tmp_path):
    network = timm.create_model("hrnet_w18_small", pretrained=False)
    path = tmp_path / "hrnet.pth"
    torch.save(network.state_dict(), path)
    model = HRNet(5, "hrnet_w18_small", str(path))
    assert torch.equal(model.backbone.conv1.weight, network.conv1.weight)


def test_other_networks_are_refused():
    with pytest.raises(BadModel, match="backbone=resnet18"):
        HRNet(5, "resnet18")
