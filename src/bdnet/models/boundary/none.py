"""No boundary stream: the head gets the deep feature."""

from collections.abc import Callable

from torch import Tensor

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.boundary.base import Boundary, BoundaryOutput
from bdnet.models.maps import Maps


class NoBoundary(Boundary):
    """The null object."""

    def __init__(self, backbone: Backbone) -> None:  # noqa: ARG002  # as every boundary stream
        super().__init__()

    def collect(self, pyramid: Pyramid, feature: Tensor) -> Maps:  # noqa: ARG002
        return Maps(feature)

    def forward(self, maps: Maps, shallow: Callable[[], Tensor]) -> BoundaryOutput:  # noqa: ARG002
        return BoundaryOutput(maps.feature)
