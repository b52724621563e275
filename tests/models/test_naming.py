"""Weights as torchvision and EfficientNet-Lite's authors name them, for timm's networks."""

import re

import pytest
import timm
import torch
import torchvision
from torch import Tensor

from bdnet.models.backbone import Backbone
from bdnet.models.errors import BadModel
from bdnet.models.hrnet import HRNet
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


def hugging_face(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A ResNet's weights under the names of Hugging Face's."""
    names = {}
    for key in weights:
        match = re.fullmatch(r"layer(\d)\.(\d+)\.(conv|bn|downsample\.)(\d)\.(\w+)", key)
        if match is None:
            kind = {"conv1": "convolution", "bn1": "normalization"}.get(key.split(".")[0])
            leaf = key.split(".")[1]
            names[key] = f"embedder.embedder.{kind}.{leaf}" if kind else f"classifier.1.{leaf}"
            continue
        stage, block, part, number, leaf = match.groups()
        if part == "downsample.":
            kind = "shortcut.normalization" if number == "1" else "shortcut.convolution"
        else:
            kind = f"layer.{int(number) - 1}.{'convolution' if part == 'conv' else 'normalization'}"
        names[key] = f"encoder.stages.{int(stage) - 1}.layers.{block}.{kind}.{leaf}"
    return {f"resnet.{names[key]}" if "class" not in names[key] else names[key]: weight
            for key, weight in weights.items()}  # fmt: skip


NAMINGS = {
    "torchvision": lambda weights: (
        {f"backbone.{key}": weight for key, weight in weights.items()}
        | {"classifier.4.weight": torch.zeros(3), "aux_classifier.4.weight": torch.zeros(3)}
    ),
    "mmseg": lambda weights: (
        {f"backbone.{key}": weight for key, weight in weights.items()}
        | {"decode_head.conv_seg.weight": torch.zeros(3)}
    ),
    "smp": lambda weights: (
        {f"encoder.{key}": weight for key, weight in weights.items()}
        | {"decoder.x.weight": torch.zeros(3), "segmentation_head.0.weight": torch.zeros(3)}
    ),
    "tdnet": lambda weights: (
        {f"module.pretrained.{key}": weight for key, weight in weights.items()}
        | {"module.head.conv5.1.weight": torch.zeros(3)}
    ),
    "timm in hugging face": lambda weights: {
        f"timm_model.{key}": weight for key, weight in weights.items()
    },
}


@pytest.mark.parametrize("naming", NAMINGS)
def test_a_backbone_out_of_a_whole_network(naming: str, tmp_path, caplog):
    weights = timm.create_model("resnet18").state_dict()
    theirs = NAMINGS[naming](weights)
    torch.save(theirs, tmp_path / "whole.pth")
    with caplog.at_level("INFO"):
        filled = Backbone("resnet18", str(tmp_path / "whole.pth")).network.state_dict()
    assert filled
    assert all(torch.equal(weight, weights[key]) for key, weight in filled.items())
    unused = {key.removeprefix("module.").split(".")[0] for key in theirs} - {
        *("backbone", "encoder", "pretrained", "timm_model"),
    }
    assert f"not used: {', '.join(sorted(unused | {'fc'}))}" in caplog.text


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_a_resnet_of_hugging_face(name: str, tmp_path, caplog):
    weights = timm.create_model(name).state_dict()
    torch.save(hugging_face(weights), tmp_path / "hf.pth")
    with caplog.at_level("INFO"):
        filled = Backbone(name, str(tmp_path / "hf.pth")).network.state_dict()
    assert all(torch.equal(weight, weights[key]) for key, weight in filled.items())
    assert "not used: classifier" in caplog.text


def test_a_resnet_of_mmseg_with_a_deep_stem(tmp_path):
    weights = timm.create_model("resnet50c").state_dict()
    names = {f"conv1.{number}": f"stem.{number}" for number in (0, 1, 3, 4, 6)} | {"bn1": "stem.7"}
    theirs = {}
    for key, weight in weights.items():
        part, _, leaf = key.rpartition(".")
        theirs[f"backbone.{names.get(part, part)}.{leaf}"] = weight
    torch.save(theirs, tmp_path / "mmseg.pth")
    filled = Backbone("resnet50c", str(tmp_path / "mmseg.pth")).network.state_dict()
    assert all(torch.equal(weight, weights[key]) for key, weight in filled.items())
    with pytest.raises(BadModel, match="not those of resnet50:"):
        Backbone("resnet50", str(tmp_path / "mmseg.pth"))


@pytest.mark.parametrize(
    ("prefix", "head"),
    [("", "last_layer.0"), ("model.", "last_layer.0"), ("backbone.", "decode_head.conv_seg")],
)
def test_a_backbone_out_of_an_hrnet(prefix: str, head: str, tmp_path, caplog):
    weights = HRNet(3, "hrnet_w18_small").backbone.state_dict()
    theirs = {f"{prefix}{key}": weight for key, weight in weights.items()}
    theirs[f"{'model.' if prefix == 'model.' else ''}{head}.weight"] = torch.zeros(3)
    torch.save(theirs, tmp_path / "whole.pth")
    with caplog.at_level("INFO"):
        filled = HRNet(3, "hrnet_w18_small", str(tmp_path / "whole.pth")).backbone.state_dict()
    assert all(torch.equal(weight, weights[key]) for key, weight in filled.items())
    assert f"not used: {head.split('.', maxsplit=1)[0]}" in caplog.text


def test_a_tdnet_is_no_backbone(tmp_path):
    weights = timm.create_model("resnet18").state_dict()
    theirs = {f"pretrained{n}.{key}": weight for n in (1, 2) for key, weight in weights.items()}
    torch.save(theirs, tmp_path / "td2.pth")
    with pytest.raises(BadModel, match="not those of resnet18"):
        Backbone("resnet18", str(tmp_path / "td2.pth"))
