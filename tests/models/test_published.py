"""Checkpoints of other authors: each naming, generated, loads as a whole or is refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from torch import Tensor, nn

from bdnet.models.checkpoints import restore
from bdnet.models.errors import BadModel
from bdnet.models.hrnet import HRNet
from bdnet.models.teacher import Frozen
from networks import build, first_and_last, random_clip, without_zeros

Weights = dict[str, Tensor]
SMALL = "hrnet_w18_small"


def file(weights: Weights, folder: Path) -> Path:
    torch.save(weights, folder / "published.pth")
    return folder / "published.pth"


def drawn(model: nn.Module) -> Weights:
    """Random weights of a network's shapes."""
    generator = torch.Generator().manual_seed(7)
    return {
        name: torch.rand(weight.shape, generator=generator) + 0.5
        if weight.is_floating_point()
        else torch.zeros_like(weight)
        for name, weight in model.state_dict().items()
    }


def hrnet_head(weights: Weights) -> tuple[Weights, Weights, Weights]:
    """HRNet's backbone, its first convolution, normalisation and classifier, without prefixes."""

    def part(prefix: str) -> Weights:
        return {
            name.removeprefix(prefix): weight
            for name, weight in weights.items()
            if name.startswith(prefix)
        }

    parts = [weights[f"mix.parts.{number}.weight"] for number in range(4)]
    return (
        part("backbone."),
        {"weight": torch.cat(parts, 1)}
        | {f"norm.{name}": weight for name, weight in part("mix.norm.").items()},
        part("classify."),
    )


def official(weights: Weights, prefix: str = "") -> Weights:
    backbone, mix, classify = hrnet_head(weights)
    bias = torch.linspace(-1, 1, len(mix["weight"]))
    norm = {name.removeprefix("norm."): weight for name, weight in mix.items() if "." in name}
    norm["running_mean"] = norm["running_mean"] + bias
    named = backbone | {"last_layer.0.weight": mix["weight"], "last_layer.0.bias": bias}
    named |= {f"last_layer.1.{name}": weight for name, weight in norm.items()}
    named |= {f"last_layer.3.{name}": weight for name, weight in classify.items()}
    return {prefix + name: weight for name, weight in named.items()}


def mmseg(weights: Weights) -> Weights:
    backbone, mix, classify = hrnet_head(weights)
    named = {f"backbone.{name}": weight for name, weight in backbone.items()}
    named["decode_head.convs.0.conv.weight"] = mix["weight"]
    for name, weight in mix.items():
        if "." in name:
            named[f"decode_head.convs.0.bn.{name.removeprefix('norm.')}"] = weight
    return named | {f"decode_head.conv_seg.{name}": weight for name, weight in classify.items()}


@pytest.mark.parametrize(
    "naming",
    [
        official,
        lambda weights: official(weights, "module."),
        lambda weights: official(weights, "model.") | {"loss.criterion.weight": torch.ones(3)},
        lambda weights: official(weights, "module.model."),
        mmseg,
    ],
    ids=["plain", "module", "model", "module.model", "mmseg"],
)
def test_an_hrnet_loads_whole_as_student_and_teacher(
    naming: Callable[[Weights], Weights], tmp_path: Path
):
    weights = drawn(HRNet(3, SMALL))
    path = file(naming(weights), tmp_path)
    student = HRNet(3, SMALL)
    restore(student, path)
    teacher = Frozen(HRNet(3, SMALL), str(path)).model
    for model in (student, teacher):
        for name, weight in model.state_dict().items():
            torch.testing.assert_close(weight, weights[name], msg=name)
    path = file(dict(list(naming(weights).items())[3:]), tmp_path)  # parts are missing
    before = {name: weight.clone() for name, weight in student.state_dict().items()}
    with pytest.raises(BadModel, match="not this HRNet"):
        restore(student, path)
    assert all(torch.equal(weight, before[name]) for name, weight in student.state_dict().items())
    with pytest.raises(BadModel, match=r"classify\.weight is \[3, .*\[5, "):
        restore(HRNet(5, SMALL), file(naming(weights), tmp_path))


def psp_name(name: str) -> str:
    """A weight's name in the PSPNet of TDNet's authors."""
    for ours, theirs in {
        r"^backbone\.network\.": "pretrained.",
        r"^head\.pyramid\.branches\.(\d)\.": lambda match: f"head.conv5.0.conv{int(match[1]) + 1}.",
        r"^head\.fcn\.mix\.": "head.conv5.1.",
        r"^head\.fcn\.score\.0\.": "head.conv5.2.",
        r"^head\.fcn\.score\.3\.": "head.conv5.5.",
    }.items():
        name = re.sub(ours, theirs, name)
    return name


TD_NAMES = {  # of a sub-network's parts, whose numbers follow the first word
    r"backbone\.network": "pretrained{}", r"pyramid\.branches\.0": "psp{}.conv1",
    r"pyramid\.branches\.1": "psp{}.conv2", r"pyramid\.branches\.2": "psp{}.conv3",
    r"pyramid\.branches\.3": "psp{}.conv4", r"head\.mix": "head{}.conv5.0",
    r"head\.score\.0": "head{}.conv5.1", r"head\.score\.3": "head{}.conv5.4",
    "value": "enc{}.w_vs.0.conv", r"query\.0": "enc{}.w_qs.0.conv", r"query\.1": "enc{}.w_qs.0.bn",
    r"query\.3": "enc{}.w_qs.1.conv", r"key\.0": "enc{}.w_ks.0.conv", r"key\.1": "enc{}.w_ks.0.bn",
    r"key\.3": "enc{}.w_ks.1.conv", "norm": "layer_norm{}.ln",
}  # fmt: skip


def td_name(name: str, paths: int) -> str:
    """A weight's name in the authors' TDNet."""
    _, number, rest = name.split(".", 2)
    own = int(number) + 1
    if hop := re.fullmatch(r"hops\.(\d)\.mix\.(\w+)", rest):
        source = f"_{(int(number) + 1 + int(hop[1])) % paths + 1}" if paths > 2 else ""
        return f"atn{own}{source}.fc.0.conv.{hop[2]}"
    ours, theirs = next(names for names in TD_NAMES.items() if re.match(rf"{names[0]}\.", rest))
    return re.sub(rf"^{ours}\.", f"{theirs.format(own)}.", rest)


def test_a_pspnet_of_tdnets_authors_loads_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    model = build("+model=psp18")
    weights = drawn(model)
    theirs = {f"module.{psp_name(name)}": weight for name, weight in weights.items()}
    theirs["module.pretrained.fc.weight"] = torch.zeros(10, 96)
    theirs["module.auxlayer.conv5.0.weight"] = torch.zeros(12, 48, 3, 3)
    assert "module.head.conv5.0.conv4.1.running_var" in theirs
    torch.save({"model_state": theirs, "epoch": 3}, tmp_path / "psp.pkl")
    with caplog.at_level("INFO"):
        restore(model, tmp_path / "psp.pkl")
    assert all(torch.equal(weight, weights[name]) for name, weight in model.state_dict().items())
    assert "not used: auxlayer, the classifier of pictures (fc)" in caplog.text
    del theirs["module.head.conv5.1.weight"]
    with pytest.raises(BadModel, match="psp18"):
        restore(model, file(theirs, tmp_path))


def tdnet(paths: int, *more: str) -> nn.Module:
    wide = ("+model=tdnet", "model.width=16", "model.head_width=4", "model.keys=8")
    return build(*wide, f"model.paths={paths}", *more)


@pytest.mark.parametrize("paths", [2, 4])
def test_a_tdnet_loads_whole(paths: int, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    model = tdnet(paths, "model.norm_grid=[3,5]")
    weights = drawn(model)
    theirs = {}
    for name, weight in weights.items():
        if ".auxiliary." in name:
            continue
        part = int(name.split(".")[1]) % 2
        whole = weight
        if ".pyramid." in name and weight.ndim:  # theirs computes what a path drops, too
            zeros = torch.zeros_like(weight)
            whole = torch.cat([zeros, weight] if part else [weight, zeros])
        theirs[td_name(name, paths)] = whole
    theirs["pretrained1.fc.weight"] = torch.zeros(10, 96)
    assert ("atn4_1.fc.0.conv.weight" if paths == 4 else "atn2.fc.0.conv.weight") in theirs
    path = file(theirs, tmp_path)
    with caplog.at_level("INFO"):
        restore(model, path)
    for name, weight in model.state_dict().items():
        is_new = ".auxiliary." in name and weight.ndim > 0
        assert torch.equal(weight, weights[name]) != is_new, name
    assert "new here: paths.0.auxiliary" in caplog.text
    sizeless = tdnet(paths)
    caplog.clear()
    with caplog.at_level("INFO"):
        restore(sizeless, path)
    assert "3x5" in caplog.text
    assert "norm_grid=[3,5]" in caplog.text
    with pytest.raises(BadModel, match=r"norm\.weight is \[3, 5\], not \[4, 5\]"):
        restore(tdnet(paths, "model.norm_grid=[4,5]"), path)
    with pytest.raises(BadModel, match="not this TDNet"):
        restore(tdnet(6 - paths), path)


@pytest.mark.parametrize(
    ("names", "remedy"),
    [
        (["conv1.weight", "ocr_gather_head.weight"], "onnx:FILE"),
        (["backbone.conv1.weight", "classifier.4.weight"], "torchvision:NAME"),
        (["backbone.conv1.weight", "decode_head.conv_seg.weight"], "onnx:FILE"),
        (["segformer.encoder.x.weight", "decode_head.classifier.weight"], "hf:FOLDER"),
        (["encoder.conv1.weight", "segmentation_head.0.weight"], "smp:FOLDER"),
        (["conv1.weight", "last_layer.0.weight"], "model=hrnet"),
        (["pretrained1.conv1.weight"], "td4_psp18"),
        (["pretrained.conv1.weight"], "psp18"),
    ],
)
@pytest.mark.parametrize("role", ["student", "teacher"])
def test_other_networks_are_refused_with_what_loads_them(
    names: list[str], remedy: str, role: str, tmp_path: Path
):
    path = file({name: torch.zeros(2) for name in names}, tmp_path)
    model = build("+model=single_frame")
    with pytest.raises(BadModel, match=re.escape(remedy)):
        restore(model, path) if role == "student" else Frozen(model, str(path))


@torch.no_grad()
def test_a_published_hrnet_is_its_formulas(tmp_path: Path):
    """The authors' network, literally: branches fused bilinearly, all resolutions concatenated."""
    model = without_zeros(HRNet(3, "hrnet_w18_small_v2"))
    network, image = model.backbone, torch.randn(1, 3, 64, 96)

    def enlarged(maps: Tensor, like: Tensor) -> Tensor:
        return nn.functional.interpolate(maps, like.shape[-2:], mode="bilinear")

    def fused(module: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
        maps = [branch(x) for branch, x in zip(module.branches, inputs, strict=True)]
        totals = []
        for row, layers in enumerate(module.fuse_layers):
            total = torch.zeros_like(maps[row])
            for column, layer in enumerate(layers):
                if column > row:  # convolution and normalisation, without timm's enlargement
                    total = total + enlarged(layer[:2](maps[column]), maps[row])
                else:
                    total = total + layer(maps[column])
            totals.append(total.relu())
        return totals

    maps = network.act2(network.bn2(network.conv2(network.act1(network.bn1(network.conv1(image))))))
    inputs = [network.layer1(maps)]
    for number in (2, 3, 4):
        transition = getattr(network, f"transition{number - 1}")
        last = inputs[-1]
        inputs = (
            [
                step(inputs[index] if index < len(inputs) else last)
                for index, step in enumerate(transition)
            ]
            if number > 2
            else [step(last) for step in transition]
        )
        for module in getattr(network, f"stage{number}"):
            inputs = fused(module, inputs)
    joined = torch.cat([inputs[0], *(enlarged(x, inputs[0]) for x in inputs[1:])], 1)
    whole = torch.cat([part.weight for part in model.mix.parts], 1)
    mixed = model.mix.norm(nn.functional.conv2d(joined, whole)).relu()
    seen = model(first_and_last(random_clip(64, 96, 2, [1]))._replace(images=image[:, None]))
    torch.testing.assert_close(seen.logits, model.classify(mixed), atol=1e-4, rtol=1e-4)


def test_nearest_fusion_is_timms_own():
    image = torch.randn(1, 3, 64, 64)
    theirs = timm.create_model(
        SMALL, features_only=True, feature_location="", out_indices=(1, 2, 3, 4)
    ).eval()
    model = HRNet(3, SMALL, fuse="nearest").eval()
    model.backbone.load_state_dict(theirs.state_dict())
    with torch.no_grad():
        for seen, expected in zip(model.backbone(image), theirs(image), strict=True):
            torch.testing.assert_close(seen, expected)
    with pytest.raises(BadModel, match=r"model\.fuse=cubic"):
        HRNet(3, SMALL, fuse="cubic")
