"""Weights of networks that timm has too, in files of other libraries, under timm's names."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor


class Naming(NamedTuple):
    """A library's names for the parts of a network of numbered blocks, and timm's for them.

    The library numbers blocks through; timm numbers stages, and blocks within a stage.

    sign:   a key by which files of this library are recognised
    block:  a pattern for the parts of a block; its groups are the block's number and the part
    stages: the number of blocks in each stage
    first:  names of parts in the first stage, whose blocks have no expansion
    others: names of parts in the other blocks
    apart:  names of the parts outside the blocks
    offset: the number of the first block
    """

    sign: str
    block: str
    stages: tuple[int, ...]
    first: Mapping[str, str]
    others: Mapping[str, str]
    apart: Mapping[str, str]
    offset: int = 0

    def timm(self, key: str) -> str:
        """A weight's name in timm; unchanged, where it is none of these."""
        part, _, leaf = key.rpartition(".")
        if part in self.apart:
            return f"{self.apart[part]}.{leaf}"
        match = re.fullmatch(self.block, part)
        if match is None:
            return key
        stage, block = 0, int(match[1]) - self.offset
        while stage < len(self.stages) and block >= self.stages[stage]:
            stage, block = stage + 1, block - self.stages[stage]
        names = self.others if stage else self.first
        return f"blocks.{stage}.{block}.{names[match[2]]}.{leaf}" if match[2] in names else key


NAMINGS = (
    # torchvision's MobileNetV2 is timm's mobilenetv2_100: the same padding and epsilons
    Naming(
        sign="features.18.0.weight",
        block=r"features\.(\d+)\.conv\.([\d.]+)",
        stages=(1, 2, 3, 4, 3, 3, 1),
        first={"0.0": "conv_dw", "0.1": "bn1", "1": "conv_pw", "2": "bn2"},
        others={
            "0.0": "conv_pw", "0.1": "bn1", "1.0": "conv_dw", "1.1": "bn2", "2": "conv_pwl",
            "3": "bn3",
        },
        apart={
            "features.0.0": "conv_stem", "features.0.1": "bn1", "features.18.0": "conv_head",
            "features.18.1": "bn2", "classifier.1": "classifier",
        },
        offset=1,
    ),
    # EfficientNet-Lite0 with TensorFlow's padding and epsilons: timm's tf_efficientnet_lite0.
    # timm's efficientnet_lite0 has the same shapes, but pads differently: other outputs
    Naming(
        sign="_blocks.0._depthwise_conv.weight",
        block=r"_blocks\.(\d+)\.(\w+)",
        stages=(1, 2, 2, 3, 3, 4, 1),
        first={
            "_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2",
        },
        others={
            "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
            "_project_conv": "conv_pwl", "_bn2": "bn3",
        },
        apart={
            "_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2",
            "_fc": "classifier",
        },
    ),
)  # fmt: skip


WRAPPERS = ("module.", "model.")  # of training scripts around a network
LOSS = "loss."  # weights of such a script's loss
# around backbones: of torchvision and mmseg, segmentation_models_pytorch, TDNet's authors, Hugging
# Face
AROUND = ("backbone.", "encoder.", "pretrained.", "timm_model.", "resnet.")
HUGGING_FACE = re.compile(
    r"(?:encoder\.)?stages\.(\d)\.layers\.(\d+)\.(layer\.(\d)|shortcut)\.(convolution|normalization)\.(\w+)"
)


def unwrapped(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights without the prefixes of training scripts."""
    bare = dict(weights)
    for prefix in WRAPPERS:
        network = [name for name in bare if not name.startswith(LOSS)]
        if network and all(name.startswith(prefix) for name in network):
            bare = {name.removeprefix(prefix): weight for name, weight in bare.items()}
    return bare


def in_timm(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A backbone's weights under timm's names, where the library is known; others unchanged."""
    bare = unwrapped(weights)
    for prefix in AROUND:
        bare = {name.removeprefix(prefix): weight for name, weight in bare.items()}
    for naming in NAMINGS:
        if naming.sign in bare:
            return {naming.timm(key): weight for key, weight in bare.items()}
    return {_resnet(key): weight for key, weight in bare.items()}


def _resnet(key: str) -> str:
    """timm's name of a weight of Hugging Face's ResNets, or of the first layers of mmseg's."""
    first = re.fullmatch(r"embedder\.embedder\.(convolution|normalization)\.(\w+)", key)
    if first is not None:
        return f"{'conv1' if first[1] == 'convolution' else 'bn1'}.{first[2]}"
    stem = re.fullmatch(r"stem\.(\d)\.(\w+)", key)
    if stem is not None:
        return f"bn1.{stem[2]}" if stem[1] == "7" else f"conv1.{stem[1]}.{stem[2]}"
    match = HUGGING_FACE.fullmatch(key)
    if match is None:
        return key
    stage, block, _, number, kind, leaf = match.groups()
    if number is None:
        part = f"downsample.{'0' if kind == 'convolution' else '1'}"
    else:
        part = f"{'conv' if kind == 'convolution' else 'bn'}{int(number) + 1}"
    return f"layer{int(stage) + 1}.{block}.{part}.{leaf}"
