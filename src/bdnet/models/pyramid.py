"""Pyramid pooling: a feature with the means of its surroundings, or a part of its channels."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.errors import BadModel
from bdnet.models.norm import Norm

BINS = (1, 2, 3, 6)  # cells along each side of the pooled features


class PyramidPooling(nn.Module):
    """[x, f1, f2, f3, f6]: means over 1, 2x2, 3x3 and 6x6 regions join the feature x.

        x -- mean over regions -- 1x1, BN, ReLU -- enlarged -- f   a quarter of x's channels each

    With `parts` only one of them is computed: the same share of the channels of x and of each f.

    align_corners: the outermost means are enlarged to lie on the outermost cells, as published
    """

    def __init__(
        self, channels: int, parts: int = 1, part: int = 0, align_corners: bool = True
    ) -> None:
        super().__init__()
        if not 0 <= part < parts:
            raise BadModel(f"part={part}: there are parts={parts}, numbered from 0")
        self.channels, self.parts, self.part = channels, parts, part
        self.align_corners = align_corners
        self.bounds = part * channels // parts, (part + 1) * channels // parts
        self.sizes = _sizes(channels, parts)  # of x and of each f, in channels
        self.out = sum(self.sizes)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, size, 1, bias=False), Norm(size), nn.ReLU())
            for size in self.sizes[1:]
        )

    def forward(self, feature: Tensor) -> Tensor:
        """[b, channels, h, w], of any size -> [b, out, h, w]"""
        first, last = self.bounds
        pooled = (
            branch(functional.adaptive_avg_pool2d(feature, count))
            for branch, count in zip(self.branches, BINS, strict=True)
        )
        size = feature.shape[-2:]
        around = (
            functional.interpolate(means, size, mode="bilinear", align_corners=self.align_corners)
            for means in pooled
        )
        return torch.cat([feature[:, first:last], *around], 1)

    def members(self, parts: int) -> Tensor:
        """int64 [parts, out / parts]: the numbers of the output channels that make up each part."""
        _sizes(self.channels, parts)
        numbers = torch.split(torch.arange(self.out), self.sizes)
        return torch.cat([channels.view(parts, -1) for channels in numbers], 1)


def _sizes(channels: int, parts: int) -> list[int]:
    if parts < 1 or channels % (len(BINS) * parts):
        raise BadModel(
            f"the {channels} channels of the backbone's feature, and quarters of them, cannot be "
            f"shared out among {parts}: choose another number of parts or groups, or a backbone "
            f"with a multiple of {len(BINS) * max(1, parts)} channels"
        )
    return [channels // parts] + [channels // len(BINS) // parts] * len(BINS)
