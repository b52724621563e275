"""Boundary stream of the target frame and its difference from the warped keyframe."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor, nn

from bdnet.models.backbone import Backbone
from bdnet.models.base import PixelsRead
from bdnet.models.boundary.warped import WarpedBoundary
from bdnet.models.maps import Maps


class ComparedBoundary(WarpedBoundary):
    """A shape stream from the target's first stage and its distance from the warped keyframe's.

        keyframe -- first stage -- warp --+
                                        |a - b| -- 1x1, from zero --(+)-- shape stream
        target ---- first stage ----------+--------------------------+

    Where the vectors have holes or are wrong the two differ, and the stream can correct the
    feature there. On a keyframe they are the same.
    """

    pixels: ClassVar[PixelsRead] = "all"

    def __init__(self, backbone: Backbone, channels: Sequence[int] = (32, 16, 8)) -> None:
        super().__init__(backbone, channels)
        backbone.check_front()
        self.difference = nn.Conv2d(channels[0], channels[0], 1, bias=False)
        nn.init.zeros_(self.difference.weight)

    def stream(self, maps: Maps, shallow: Callable[[], Tensor]) -> Tensor:
        (warped,) = maps.boundary
        actual: Tensor = self.enter(shallow())
        difference: Tensor = self.difference((actual - warped).abs())
        return actual + difference
