"""Boundary stream from the keyframe's warped shallow feature: reads no pixels of the target."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.boundary.base import Boundary, BoundaryOutput
from bdnet.models.boundary.shape_stream import ShapeStream
from bdnet.models.errors import BadModel
from bdnet.models.maps import Maps


class WarpedBoundary(Boundary):
    """A gated shape stream from the shallow feature, guided by the deepest levels [reading].

    The paper does not say what its boundary stream consists of.

    channels: of the stream at each boundary-aware module
    """

    def __init__(self, backbone: Backbone, channels: Sequence[int] = (32, 16, 8)) -> None:
        super().__init__()
        if not channels:
            raise BadModel("boundary.channels=[]: give one number per boundary-aware module")
        # in a backbone with fewer levels than modules, the first level guides several modules
        levels = len(backbone.level_channels)
        self.guided_by = [max(0, level) for level in range(levels - len(channels), levels)]
        self.enter = nn.Conv2d(backbone.shallow_channels, channels[0], 1)
        self.guides = nn.ModuleList(
            nn.Conv2d(backbone.level_channels[level], 1, 1) for level in self.guided_by
        )
        self.shape = ShapeStream(backbone.channels, channels)

    @property
    def fuse(self) -> nn.Conv2d:
        return self.shape.fuse

    def collect(self, pyramid: Pyramid, feature: Tensor) -> Maps:
        levels = (pyramid.levels[level] for level in self.guided_by)
        guides = [guide(level) for guide, level in zip(self.guides, levels, strict=True)]
        return Maps(torch.cat([feature, *guides], 1), (self.enter(pyramid.shallow),))

    def forward(self, maps: Maps, shallow: Callable[[], Tensor]) -> BoundaryOutput:
        count = len(self.guided_by)
        feature, guides = maps.feature[:, :-count], maps.feature[:, -count:]
        thin, edges = self.shape(guides, self.stream(maps, shallow))
        return BoundaryOutput(feature, thin, edges)

    def stream(self, maps: Maps, shallow: Callable[[], Tensor]) -> Tensor:  # noqa: ARG002
        """The shape stream's input [b, channels[0], 2 h, 2 w] on the target frame."""
        (warped,) = maps.boundary
        return warped
