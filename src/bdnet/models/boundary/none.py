"""No boundary stream: the head gets the feature as it is."""

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.boundary.base import Boundary, Fusion, Pointwise
from bdnet.models.maps import Maps


class NoBoundary(Boundary):
    """The null object."""

    def __init__(self, backbone: Backbone) -> None:  # noqa: ARG002 - every boundary is made alike
        super().__init__()

    def collect(self, pyramid: Pyramid, pointwise: Pointwise) -> Maps:
        return Maps(pointwise(pyramid.deep))

    def forward(
        self,
        maps: Maps,
        pointwise: Pointwise,  # noqa: ARG002
    ) -> Fusion:
        return Fusion(maps.feature)
