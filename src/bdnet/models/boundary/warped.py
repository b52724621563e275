"""Boundary stream of the keyframe's shallow feature, warped: I-frames and vectors alone."""

from bdnet.models.backbone import Pyramid
from bdnet.models.boundary.base import Pointwise
from bdnet.models.boundary.gated import Gated
from bdnet.models.maps import Maps


class WarpedBoundary(Gated):
    """A shape stream whose input travels from the keyframe as the deep feature does."""

    def collect(self, pyramid: Pyramid, pointwise: Pointwise) -> Maps:
        return Maps(self.guided(pyramid, pointwise), (self.enter(pyramid.shallow),))
