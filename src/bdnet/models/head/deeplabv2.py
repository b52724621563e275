"""DeepLabV2's head: the same 3x3 at several dilations."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.backbone import Backbone
from bdnet.models.head.base import Head, SplitHead

# offsets of a 3x3 kernel's cells from its centre, without the centre
NEIGHBOURS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


class DeepLabV2(Head):
    """Parallel 3x3 convolutions of different dilation, summed to class scores."""

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

    def forward(self, feature: Tensor, *_: Tensor) -> Tensor:
        first, *further = self.branches
        scores: Tensor = first(feature)
        for branch in further:
            scores = scores + branch(feature)
        return scores

    def split(self, fuse: Tensor | None) -> SplitHead | None:
        kernels = torch.stack([branch.get_parameter("weight") for branch in self.branches])
        bias = torch.stack([branch.get_parameter("bias") for branch in self.branches]).sum(0)
        maps, channels = (1 + 8 * len(kernels)) * self.classes, kernels.shape[2]
        # warping more maps than that costs more than the split saves
        return SplitDeepLabV2(kernels, bias, self.dilations, fuse) if maps <= 2 * channels else None


class SplitDeepLabV2(SplitHead):
    """A 3x3 convolution as nine 1x1 convolutions, whose results are shifted and added.

    The branches share their centres, so that four of them make 33 maps of scores.

    kernels: [branches, classes, channels, 3, 3]
    bias:    [classes], of all branches together
    """

    def __init__(
        self, kernels: Tensor, bias: Tensor, dilations: tuple[int, ...], fuse: Tensor | None
    ) -> None:
        super().__init__()
        self.classes, self.dilations = kernels.shape[1], dilations
        self.shifts = [(y * step, x * step) for step in dilations for y, x in NEIGHBOURS]
        around = [kernel[..., 1 + y, 1 + x] for kernel in kernels for y, x in NEIGHBOURS]
        weight = torch.cat([kernels[..., 1, 1].sum(0), *around])  # [33 classes, channels]
        self.pointwise = nn.Conv2d(weight.shape[1], weight.shape[0], 1, bias=False)
        self.pointwise.weight = _constant(weight[..., None, None])
        self.bias = _constant(bias)
        # the branches on `fuse(thin)`, from the few channels of the thin map straight to scores
        self.thin_kernels = nn.ParameterList()
        if fuse is not None:
            composed = torch.einsum("bkcyx,cf->bkfyx", kernels, fuse[..., 0, 0])
            self.thin_kernels.extend(map(_constant, composed))

    def forward(self, feature: Tensor, thin: Tensor | None) -> Tensor:
        centre, *around = torch.split(feature, self.classes, 1)
        # a sum of many terms needs float32
        scores = centre.float() + self.bias.float()[:, None, None]
        for shift, tap in zip(self.shifts, around, strict=True):
            if torch.compiler.is_exporting():  # ONNX is slow at adding to a part of a map
                scores = scores + _shifted(tap, *shift)
            else:
                _add_shifted(scores, tap, *shift)
        if thin is not None:
            for kernel, dilation in zip(self.thin_kernels, self.dilations, strict=True):
                scores = scores + functional.conv2d(
                    thin, kernel, padding=dilation, dilation=dilation
                )
        return scores.to(feature.dtype)


def _constant(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.detach().clone(memory_format=torch.contiguous_format), False)


def _add_shifted(scores: Tensor, tap: Tensor, y: int, x: int) -> None:
    """Adds the result of `_shifted`, in place."""
    height, width = scores.shape[-2:]
    if abs(y) < height and abs(x) < width:  # or there is nothing but zeros
        scores[..., max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)] += tap[
            ..., max(0, y) : height + min(0, y), max(0, x) : width + min(0, x)
        ]


def _shifted(cells: Tensor, y: int, x: int) -> Tensor:
    """[.., h, w] whose cell i is cell i + (y, x), zero where there is none; for any h and w."""
    height, width = cells.shape[-2:]
    padded = functional.pad(cells, (max(0, -x), max(0, x), max(0, -y), max(0, y)))
    return padded[..., max(0, y) : max(0, y) + height, max(0, x) : max(0, x) + width]
