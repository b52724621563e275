"""DeepLabV2's head: the same 3x3 at several dilations."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.addition import Addition
from bdnet.models.backbone import Backbone
from bdnet.models.head.base import Head

AROUND = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]  # a middle


class DeepLabV2(Head):
    """Parallel 3x3 convolutions of different dilation, summed to class scores.

    A 3x3 convolution is nine 1x1 convolutions whose results are shifted and added. The branches
    share their middle, so that four of them make 33 maps of scores.
    """

    def __init__(
        self, backbone: Backbone, classes: int, dilations: Sequence[int] = (6, 12, 18, 24)
    ) -> None:
        super().__init__()
        self.classes = classes
        self.dilations = tuple(dilations)
        self.branches = nn.ModuleList(
            nn.Conv2d(backbone.channels, classes, 3, padding=dilation, dilation=dilation)
            for dilation in dilations
        )
        self.shifts = [(y * dilation, x * dilation) for dilation in dilations for y, x in AROUND]
        # scores of many classes are fatter than a thin feature, and then cost more than they save
        self.is_split = (1 + len(self.shifts)) * classes <= 2 * backbone.channels

    def forward(self, feature: Tensor, *_: Tensor) -> Tensor:
        first, *further = self.branches
        scores: Tensor = first(feature)
        for branch in further:
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

    def spatial(self, pointed: Tensor, *others: Tensor, addition: Addition | None = None) -> Tensor:
        if not self.is_split:
            return super().spatial(pointed, *others, addition=addition)
        bias = torch.stack([branch.get_parameter("bias") for branch in self.branches]).sum(0)
        middle, *around = torch.split(pointed, self.classes, 1)
        # single precision: this is a sum of many
        scores = middle.float() + bias.float()[:, None, None]
        for shift, tap in zip(self.shifts, around, strict=True):
            if torch.compiler.is_exporting():  # ONNX adds to a part of a map slowly
                scores = scores + _shifted(tap, *shift)
            else:
                _add_shifted(scores, tap, *shift)
        if addition is not None:
            scores = scores + self._dilated(addition)
        return scores.to(pointed.dtype)

    def _dilated(self, addition: Addition) -> Tensor:
        """Scores of what is added to the 33 maps, without making 33 maps of it."""
        thin, weight = addition
        middle, *around = torch.split(weight[..., 0, 0], self.classes)  # [classes, few] each
        scores = functional.conv2d(thin, middle[..., None, None])
        for place, dilation in enumerate(self.dilations):
            taps = around[8 * place : 8 * (place + 1)]
            ring = torch.stack([*taps[:4], torch.zeros_like(middle), *taps[4:]], -1)
            kernel = ring.view(*middle.shape, 3, 3)
            scores = scores + functional.conv2d(thin, kernel, padding=dilation, dilation=dilation)
        return scores


def _add_shifted(scores: Tensor, tap: Tensor, y: int, x: int) -> None:
    """Adds what `_shifted` gives, in place."""
    height, width = scores.shape[-2:]
    if abs(y) < height and abs(x) < width:  # or there is nothing but zeros
        scores[..., max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)] += tap[
            ..., max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)
        ]


def _shifted(cells: Tensor, y: int, x: int) -> Tensor:
    """[.., h, w] whose cell i is cell i + (y, x), zero where there is none; for any h and w."""
    height, width = cells.shape[-2:]
    around = functional.pad(cells, (max(0, -x), max(0, x), max(0, -y), max(0, y)))
    return around[..., max(0, y) : max(0, y) + height, max(0, x) : max(0, x) + width]
