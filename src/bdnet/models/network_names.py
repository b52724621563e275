"""The names of weights in other authors' checkpoints of HRNet, PSPNet and TDNet, and ours."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bdnet.models.hrnet import HRNet
from bdnet.models.tdnet.tdnet import TDNet

Weights = Mapping[str, Tensor]

FCN = {"0.": "mix.", "1.": "score.0.", "4.": "score.3."}
POOLING = {f"conv{number}.": f"branches.{number - 1}." for number in (1, 2, 3, 4)}
HRNET = {"last_layer.0.": "mix.whole.", "last_layer.1.": "mix.norm.", "last_layer.3.": "classify."}
MMSEG = {
    "decode_head.convs.0.conv.": "mix.whole.", "decode_head.convs.0.bn.": "mix.norm.",
    "decode_head.conv_seg.": "classify.", "backbone.": "backbone.",
}  # fmt: skip
PSP = {
    "pretrained.": "backbone.network.",
    **{f"head.conv5.0.{old}": f"head.pyramid.{new}" for old, new in POOLING.items()},
    "head.conv5.1.": "head.fcn.mix.",
    "head.conv5.2.": "head.fcn.score.0.",
    "head.conv5.5.": "head.fcn.score.3.",
}
PATH = {  # parts of one of TDNet's sub-networks, whose numbers follow the first word
    "pretrained.": "backbone.network.",
    **{f"psp.{old}": f"pyramid.{new}" for old, new in POOLING.items()},
    **{
        f"enc.w_{letter}s.{old}": f"{name}.{new}"
        for letter, name in (("q", "query"), ("k", "key"))
        for old, new in (("0.conv.", "0."), ("0.bn.", "1."), ("1.conv.", "3."))
    },
    "enc.w_vs.0.conv.": "value.",
    "layer_norm.ln.": "norm.",
    **{f"head.conv5.{old}": f"head.{new}" for old, new in FCN.items()},
    **{f"auxlayer.conv5.{old}": f"auxiliary.{new}" for old, new in FCN.items()},
}


def _renamed(name: str, names: Mapping[str, str]) -> str | None:
    beginning = next((old for old in names if name.startswith(old)), None)
    return None if beginning is None else names[beginning] + name.removeprefix(beginning)


def hrnet(weights: Weights, model: nn.Module) -> dict[str, Tensor]:
    """Of the authors' HRNet or mmseg's FCN-HRNet."""
    assert isinstance(model, HRNet)
    is_mmseg = any(name.startswith("decode_head.") for name in weights)
    names = MMSEG if is_mmseg else HRNET
    ours = {}
    for name, weight in weights.items():
        other = name if is_mmseg or name.startswith("loss.") else f"backbone.{name}"
        ours[_renamed(name, names) or other] = weight
    whole, bias = ours.pop("mix.whole.weight", None), ours.pop("mix.whole.bias", None)
    channels = [int(part.get_parameter("weight").shape[1]) for part in model.mix.parts]
    if whole is not None and whole.shape[1] == sum(channels):
        parts = torch.split(whole, channels, 1)
        ours |= {f"mix.parts.{number}.weight": part for number, part in enumerate(parts)}
    if bias is not None and "mix.norm.running_mean" in ours:  # a normalisation takes it away again
        ours["mix.norm.running_mean"] = ours["mix.norm.running_mean"] - bias
    return ours


def pspnet(weights: Weights, model: nn.Module) -> dict[str, Tensor]:  # noqa: ARG001
    """Of the PSPNet of TDNet's authors."""
    return {_renamed(name, PSP) or name: weight for name, weight in weights.items()}


def tdnet(weights: Weights, model: nn.Module) -> dict[str, Tensor]:
    """Of the authors' TDNet; of the pooling, what a path keeps."""
    assert isinstance(model, TDNet)
    ours = {}
    for name, weight in weights.items():
        renamed = _name_in_tdnet(name, len(model.paths)) or name
        number = renamed.split(".")[1] if renamed.startswith("paths.") else ""
        if number.isdecimal() and int(number) < len(model.paths) and ".pyramid." in renamed:
            ours[renamed] = model.share(renamed, weight)
        else:
            ours[renamed] = weight
    return ours


def _name_in_tdnet(name: str, paths: int) -> str | None:
    attention = re.fullmatch(r"atn(\d)(?:_(\d))?\.fc\.0\.conv\.(\w+)", name)
    if attention is not None:  # atn4_1 ends on path 4 and starts on path 1
        end, start = int(attention[1]) - 1, int(attention[2] or int(attention[1]) + 1) - 1
        return f"paths.{end}.hops.{(start - end - 1) % paths}.mix.{attention[3]}"
    part = re.fullmatch(r"([a-z_]+)(\d)\.(.*)", name)
    renamed = None if part is None else _renamed(f"{part[1]}.{part[3]}", PATH)
    return None if part is None or renamed is None else f"paths.{int(part[2]) - 1}.{renamed}"
