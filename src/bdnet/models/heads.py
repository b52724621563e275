"""From features to class scores, and from a network's stride to the picture's size."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

AROUND = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]  # a middle


class Head(nn.Module, ABC):
    """Features to class scores: forward(x) = spatial(pointwise(x)).

    What `pointwise` does to each cell alone, and linearly without constant, may be done before a
    warp as well as after it: on a keyframe once, instead of on every frame.
    """

    @abstractmethod
    def forward(self, feature: Tensor) -> Tensor:
        """[b, channels, h, w] -> [b, classes, h, w]"""

    def pointwise(self, feature: Tensor) -> Tensor:
        """[b, channels, h, w] -> [b, others, h, w]"""
        return feature

    def spatial(self, pointed: Tensor) -> Tensor:
        """[b, others, h, w] -> [b, classes, h, w]"""
        logits: Tensor = self(pointed)
        return logits


class DeepLabV2(Head):
    """Parallel 3x3 convolutions of different dilation, summed to class scores.

    A 3x3 convolution is nine 1x1 convolutions whose results are shifted and added. The branches
    share their middle, so that four of them make 33 maps of scores.
    """

    def __init__(
        self, channels: int, classes: int, dilations: Sequence[int] = (6, 12, 18, 24)
    ) -> None:
        super().__init__()
        self.classes = classes
        self.dilations = tuple(dilations)
        self.branches = nn.ModuleList(
            nn.Conv2d(channels, classes, 3, padding=dilation, dilation=dilation)
            for dilation in dilations
        )
        self.shifts = [(y * dilation, x * dilation) for dilation in dilations for y, x in AROUND]
        # scores of many classes are fatter than a thin feature, and then cost more than they save
        self.is_split = (1 + len(self.shifts)) * classes <= 2 * channels

    def forward(self, feature: Tensor) -> Tensor:
        first, *others = self.branches
        scores: Tensor = first(feature)
        for branch in others:
            scores = scores + branch(feature)
        return scores

    def pointwise(self, feature: Tensor) -> Tensor:
        if not self.is_split:
            return feature
        kernels = [branch.get_parameter("weight") for branch in self.branches]
        middle = torch.stack([kernel[..., 1, 1] for kernel in kernels]).sum(0)
        around = [kernel[..., 1 + y, 1 + x] for kernel in kernels for y, x in AROUND]
        weight = torch.cat([middle, *around])  # [33 classes, channels]
        return functional.conv2d(feature, weight[..., None, None])

    def spatial(self, pointed: Tensor) -> Tensor:
        if not self.is_split:
            return super().spatial(pointed)
        bias = torch.stack([branch.get_parameter("bias") for branch in self.branches]).sum(0)
        height, width = pointed.shape[-2:]
        middle, *around = torch.split(pointed, self.classes, 1)
        # single precision: this is a sum of many
        scores = middle.float() + bias.float()[:, None, None]
        for (y, x), tap in zip(self.shifts, around, strict=True):
            if abs(y) < height and abs(x) < width:  # the others see nothing but zeros around
                scores[..., max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)] += tap[
                    ..., max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)
                ]
        return scores.to(pointed.dtype)


def upsample(logits: Tensor, height: int, width: int) -> Tensor:
    """[b, c, h, w] at any stride that is a power of two -> [b, c, height, width].

    Cell i keeps its centre at pixel stride * i + (stride - 1) / 2 where the last cell hangs over
    the edge; resizing to height x width in one go would shift it.
    """
    stride = max(
        _stride(size, cells) for size, cells in zip((height, width), logits.shape[-2:], strict=True)
    )
    return enlarge(logits, stride)[..., :height, :width]


def label_map(logits: Tensor, height: int, width: int) -> Tensor:
    """[b, c, h, w] at any stride that is a power of two -> int64 [b, height, width] of classes."""
    # argmax finds the same more slowly on a processor
    return upsample(logits, height, width).max(1).indices


def enlarge(cells: Tensor, factor: int) -> Tensor:
    """[b, c, h, w] -> [b, c, factor h, factor w], bilinear between cell centres."""
    if factor == 1:
        return cells
    size = [factor * each for each in cells.shape[-2:]]
    return functional.interpolate(cells, size, mode="bilinear", align_corners=False)


def _stride(size: int, cells: int) -> int:
    return 1 << max(0, math.ceil(math.log2(size / cells)))
