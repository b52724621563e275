"""Any timm network as a dilated backbone of stride 8."""

import logging
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import torch
from timm.models.resnet import BasicBlock, Bottleneck
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.errors import BadModel
from bdnet.models.weights import create
from bdnet.types import CELL

log = logging.getLogger(__name__)

SHALLOW = 4  # stride of the shallow feature, fine enough for outlines

Border = Literal["replicate", "zeros"]


class Pyramid(NamedTuple):
    """A backbone's features of a picture that fills whole cells.

    shallow: [b, c, 2 ceil(H/8), 2 ceil(W/8)]
    levels:  [b, c, ceil(H/8), ceil(W/8)] each, the deepest last
    """

    shallow: Tensor
    levels: tuple[Tensor, ...]

    @property
    def deep(self) -> Tensor:
        return self.levels[-1]


def fill_cells(image: Tensor, cell: int = CELL) -> Tensor:
    """image [b, 3, H, W], its right and lower border repeated up to whole cells.

    Otherwise some networks would drop an incomplete cell, and others round up.
    """
    below, right = (-size % cell for size in image.shape[-2:])
    if not below and not right:
        return image
    return functional.pad(image, (0, right, 0, below), mode="replicate")


class Backbone(nn.Module):
    """A timm network by name, its later stages dilated so that none is coarser than stride 8.

    weights:    none, timm (downloaded once), or a local file
    multi_grid: dilations of the blocks in a ResNet's last stage; other networks have none
    border:     how incomplete cells are filled: by the last row and column, or, in a ResNet, by
                its own padding with zeros; then the shallow feature may end half a cell early

         image -- stem, first stage -- shallow (1/4) -- levels (1/8) ... deep (1/8)
                  `front` stops here ----^
    """

    def __init__(
        self,
        name: str,
        weights: str = "none",
        multi_grid: Sequence[int] | None = None,
        border: Border = "replicate",
    ) -> None:
        super().__init__()
        self.name = name
        network: Any = create(name, weights, output_stride=CELL)
        strides: list[int] = network.feature_info.reduction()
        if SHALLOW not in strides or strides[-1] != CELL:
            raise BadModel(
                f"backbone={name}: its features have strides {strides}; needed are one of "
                f"{SHALLOW}, and {CELL} at the end; choose another, such as resnet18"
            )
        if border not in get_args(Border):
            raise BadModel(f"model.border={border}: use {' or '.join(get_args(Border))}")
        self._is_filled = border == "replicate" or not _resnet_blocks(network)
        if multi_grid is not None:
            _dilate_last_stage(network, name, multi_grid)
        channels: list[int] = network.feature_info.channels()
        self.network = network
        self._shallow = len(strides) - 1 - strides[::-1].index(SHALLOW)
        self._levels = [level for level, stride in enumerate(strides) if stride == CELL]
        self.shallow_channels = channels[self._shallow]
        self.level_channels = [channels[level] for level in self._levels]
        self.channels = channels[-1]

    def forward(self, image: Tensor) -> Pyramid:
        """Features of [b, 3, H, W]."""
        features = self.network(fill_cells(image) if self._is_filled else image)
        return Pyramid(features[self._shallow], tuple(features[level] for level in self._levels))

    def front(self, image: Tensor) -> Tensor:
        """The shallow feature only, at a small part of the cost."""
        feature = fill_cells(image)
        for part in self._front_parts():
            feature = part(feature)
        return feature

    def check_front(self) -> None:
        """Refuses a network whose first stages are not a chain of modules."""
        was_training = self.training
        self.eval()
        with torch.no_grad():
            image = torch.linspace(-1, 1, 3 * 4 * CELL * 4 * CELL).view(1, 3, 4 * CELL, 4 * CELL)
            try:
                is_same = torch.equal(self.front(image), self(image).shallow)
            except (RuntimeError, TypeError, ValueError, NotImplementedError):
                is_same = False
        self.train(was_training)
        if not is_same:
            raise BadModel(
                f"backbone={self.name}: its first stage cannot run by itself, which "
                "boundary=compared needs; use boundary=warped, or choose another backbone, such "
                "as resnet18"
            )

    def _front_parts(self) -> list[nn.Module]:
        """The chain of modules up to the one whose output is the shallow feature."""
        name = self.network.feature_info.module_name(self._shallow)
        parts: list[nn.Module] = []
        for child, module in self.network.named_children():
            if name in {child, child.replace("_", ".")}:  # flattened: stages.0 is stages_0
                return [*parts, module]
            container, _, index = name.rpartition(".")
            if container == child and index.isdecimal() and isinstance(module, nn.Sequential):
                return [*parts, *module[: int(index) + 1]]
            parts.append(module)
        return parts


def _dilate_last_stage(network: nn.Module, name: str, dilations: Sequence[int]) -> None:
    """Gives the first 3x3 convolution of each block in a ResNet's last stage its own dilation."""
    blocks = _resnet_blocks(network)
    if not blocks:
        log.info("multi_grid=%s: %s is no ResNet, and has none", list(dilations), name)
        return
    if len(blocks) > len(dilations) or min(dilations) < 1:
        raise BadModel(
            f"model.multi_grid={list(dilations)}: the last stage of {name} has {len(blocks)} "
            "blocks; give each a dilation of 1 or more, as in model.multi_grid=[4,8,16]"
        )
    for block, dilation in zip(blocks, dilations, strict=False):
        convolution = block.conv1 if isinstance(block, BasicBlock) else block.conv2
        convolution.dilation = convolution.padding = (dilation, dilation)


def _resnet_blocks(network: nn.Module) -> list[BasicBlock | Bottleneck]:
    """The blocks of a ResNet's last stage; of other networks none."""
    blocks = list(getattr(network, "layer4", ()))
    are_resnets = all(isinstance(block, BasicBlock | Bottleneck) for block in blocks)
    return blocks if are_resnets else []
