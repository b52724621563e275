"""Boundary stream of the target frame itself: real silhouettes, for its pixels and some cost."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.base import PixelsRead
from bdnet.models.boundary.base import Pointwise
from bdnet.models.boundary.gated import Gated
from bdnet.models.maps import Maps


class CurrentBoundary(Gated):
    """A shape stream that starts from the backbone's first stage on the target's pixels."""

    pixels: ClassVar[PixelsRead] = "all"

    def __init__(self, backbone: Backbone, channels: Sequence[int] = (32, 16, 8)) -> None:
        super().__init__(backbone, channels)
        backbone.check_front()

    def collect(self, pyramid: Pyramid, pointwise: Pointwise) -> Maps:
        return Maps(self.guided(pyramid, pointwise))

    def complete(self, maps: Maps, shallow: Callable[[], Tensor]) -> Maps:
        return maps._replace(boundary=(self.enter(shallow()),))
