"""Weights as torchvision and EfficientNet-Lite's authors name them, for timm's networks."""

import pytest
import timm
import torch
import torchvision
from torch import Tensor

from bdnet.models.backbone import Backbone
from bdnet.models.errors import BadModel
from bdnet.models.naming import in_timm


def mobilenet() -> torchvision.models.MobileNetV2:
    """With statistics of its own in each normalisation, so that none can be taken for another."""
    torch.manual_seed(3)
    network = torchvision.models.mobilenet_v2()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    return network.eval()


def lite0(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """timm's weights under the names of the published file, which has the network's order."""
    last = ("_depthwise_conv", "_bn1", "_project_conv", "_bn2")
    parts = ["_conv_stem", "_bn0", *(f"_blocks.0.{part}" for part in last)]
    for block in range(1, 16):
        parts += [f"_blocks.{block}.{part}" for part in ("_expand_conv", "_bn0", *last)]
    parts += ["_conv_head", "_bn1", "_fc"]
    own = list(dict.fromkeys(key.rpartition(".")[0] for key in weights))
    theirs = dict(zip(own, parts, strict=True))
    return {
        f"{theirs[part]}.{leaf}": tensor
        for key, tensor in weights.items()
        for part, _, leaf in [key.rpartition(".")]
    }


def test_torchvisions_mobilenet_says_the_same_in_timm():
    network = mobilenet()
    ours = timm.create_model("mobilenetv2_100").eval()
    ours.load_state_dict(in_timm(network.state_dict()))
    image = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, scores = network(image), ours(image)
    assert expected.std() > 1e-3
    torch.testing.assert_close(scores, expected, rtol=0, atol=1e-5)


def test_lite0_in_the_order_of_the_network():
    weights = timm.create_model("tf_efficientnet_lite0").state_dict()
    named = lite0(weights)
    assert "_blocks.15._bn2.running_var" in named
    renamed = in_timm(named)
    assert list(renamed) == list(weights)
    assert all(renamed[key] is weights[key] for key in weights)


def test_a_backbone_takes_such_a_file(tmp_path):
    network = mobilenet()
    path = tmp_path / "mobilenet_v2.pth"
    torch.save(network.state_dict(), path)
    filled = Backbone("mobilenetv2_100", str(path)).network.state_dict()
    last = filled["blocks.6.0.conv_pwl.weight"]
    assert torch.equal(last, network.state_dict()["features.17.conv.2.weight"])
    with pytest.raises(BadModel, match=r"not those of mobilenetv2_110d: blocks_"):
        Backbone("mobilenetv2_110d", str(path))


def test_unknown_names_stay():
    weights = {"features.18.0.weight": torch.zeros(1), "features.3.conv.9.weight": torch.ones(1)}
    assert list(in_timm(weights)) == ["conv_head.weight", "features.3.conv.9.weight"]
    others = {"features.0.0.weight": torch.zeros(1)}  # of another network of torchvision
    assert list(in_timm(others)) == list(others)
