"""Boundary stream of the target frame that also sees where the warped keyframe does not fit it."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor, nn

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.base import PixelsRead
from bdnet.models.boundary.base import Pointwise
from bdnet.models.boundary.gated import Gated
from bdnet.models.maps import Maps


class ComparedBoundary(Gated):
    """A shape stream from the target's first stage, told how far it is from the keyframe's, warped.

        keyframe -- first stage -- warp --+
                                        |a - b| -- 1x1, from zero --(+)-- shape stream
        target ---- first stage ----------+--------------------------+

    Where the vectors are right the two agree; where they have holes, or are wrong, the stream sees
    it and can correct the feature there. On a keyframe both are the same, and nothing is told.
    """

    pixels: ClassVar[PixelsRead] = "all"

    def __init__(self, backbone: Backbone, channels: Sequence[int] = (32, 16, 8)) -> None:
        super().__init__(backbone, channels)
        backbone.check_front()
        self.tell = nn.Conv2d(channels[0], channels[0], 1, bias=False)
        nn.init.zeros_(self.tell.weight)

    def collect(self, pyramid: Pyramid, pointwise: Pointwise) -> Maps:
        return Maps(self.guided(pyramid, pointwise), (self.enter(pyramid.shallow),))

    def complete(self, maps: Maps, shallow: Callable[[], Tensor]) -> Maps:
        (expected,) = maps.boundary
        found = self.enter(shallow())
        told = found + self.tell((found - expected).abs())
        return maps._replace(boundary=(told,))
