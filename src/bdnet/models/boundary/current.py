"""Boundary stream of the target frame itself: real silhouettes, for its pixels and some cost."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.base import PixelsRead
from bdnet.models.boundary.warped import WarpedBoundary
from bdnet.models.maps import Maps


class CurrentBoundary(WarpedBoundary):
    """A shape stream from the backbone's first stage on the target's pixels."""

    pixels: ClassVar[PixelsRead] = "all"

    def __init__(self, backbone: Backbone, channels: Sequence[int] = (32, 16, 8)) -> None:
        super().__init__(backbone, channels)
        backbone.check_front()

    def collect(self, pyramid: Pyramid, feature: Tensor) -> Maps:
        return super().collect(pyramid, feature)._replace(boundary=())

    def stream(self, maps: Maps, shallow: Callable[[], Tensor]) -> Tensor:  # noqa: ARG002
        actual: Tensor = self.enter(shallow())
        return actual
