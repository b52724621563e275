"""The boundary stream's network, whichever frame its input comes from."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bdnet.models.addition import Addition
from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.boundary.base import Boundary, Fusion, Pointwise
from bdnet.models.boundary.gates import ShapeStream
from bdnet.models.errors import BadModel
from bdnet.models.maps import Maps


class Gated(Boundary):
    """A gated shape stream from the shallow feature, guided by the deepest levels.

    Our reading: the paper does not say what its boundary stream consists of.

    channels: of the stream at each boundary-aware module
    """

    def __init__(self, backbone: Backbone, channels: Sequence[int] = (32, 16, 8)) -> None:
        super().__init__()
        if not channels:
            raise BadModel("boundary.channels=[]: give one number per boundary-aware module")
        # the first of the deepest levels guides more than once where there are too few
        places = range(len(backbone.level_channels) - len(channels), len(backbone.level_channels))
        self.guided_by = [max(0, place) for place in places]
        self.enter = nn.Conv2d(backbone.shallow_channels, channels[0], 1)
        self.guides = nn.ModuleList(
            nn.Conv2d(backbone.level_channels[place], 1, 1) for place in self.guided_by
        )
        self.shape = ShapeStream(backbone.channels, channels)

    def guided(self, pyramid: Pyramid, pointwise: Pointwise) -> Tensor:
        """The deep feature, pointwise, and after it one channel per guide."""
        levels = (pyramid.levels[place] for place in self.guided_by)
        guides = [guide(level) for guide, level in zip(self.guides, levels, strict=True)]
        return torch.cat([pointwise(pyramid.deep), *guides], 1)

    def forward(self, maps: Maps, pointwise: Pointwise) -> Fusion:
        guided, (stream,) = maps.feature, maps.boundary
        count = len(self.guided_by)
        told, edges = self.shape(guided[:, -count:], stream)
        # the head's part of the fusion, done to its few weights instead of to every cell
        weight = pointwise(self.shape.fuse.weight.transpose(0, 1)).transpose(0, 1)
        return Fusion(guided[:, :-count], Addition(told, weight), edges)
