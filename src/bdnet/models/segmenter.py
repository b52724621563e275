"""A network of backbone, boundary stream and head, with or without propagation between them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from torch import Tensor, nn

from bdnet.models.backbone import SHALLOW, Backbone, Border
from bdnet.models.base import VideoModel
from bdnet.models.boundary.base import Boundary
from bdnet.models.boundary.none import NoBoundary
from bdnet.models.errors import BadModel
from bdnet.models.head.base import Head, SplitHead
from bdnet.models.maps import Maps
from bdnet.types import Prediction


class HeadFactory(Protocol):
    """Constructs the head that fits a backbone: a class, or a `_partial_` one."""

    def __call__(self, backbone: Backbone, classes: int) -> Head: ...


class BoundaryFactory(Protocol):
    """Constructs the boundary stream that fits a backbone."""

    def __call__(self, backbone: Backbone) -> Boundary: ...


class Segmenter(VideoModel):
    """The two halves of a network, `encode` and `decode`; a subclass connects them.

    backbone:   a timm network by name
    weights:    of the backbone: none, timm (a download), or a local file
    multi_grid: dilations of the blocks in a ResNet's last stage; None leaves them as they are
    border:     of pictures that do not fill cells of 8 pixels: replicate, or zeros in a ResNet
    """

    def __init__(
        self,
        classes: int,
        head: HeadFactory,
        boundary: BoundaryFactory,
        backbone: str = "resnet18",
        weights: str = "none",
        multi_grid: Sequence[int] | None = None,
        border: Border = "replicate",
    ) -> None:
        super().__init__()
        if classes < 2:
            raise BadModel(f"classes={classes}: a network needs at least 2")
        self.backbone = Backbone(backbone, weights, multi_grid, border)
        self.boundary = boundary(backbone=self.backbone)
        self.head = head(backbone=self.backbone, classes=classes)
        if border == "zeros" and (self.head.collects or not isinstance(self.boundary, NoBoundary)):
            raise BadModel(
                "model.border=zeros: this head or boundary stream reads the shallow feature, which "
                "has to fill whole cells; use model.border=replicate"
            )
        self.split_head: SplitHead | None = None

    @property
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        return (self.backbone,)

    def split_for_inference(self) -> None:
        """Moves part of the head in front of the propagation, where that saves operations.

        The logits stay the same; the network can no longer be trained, and predicts no features.
        """
        fuse = self.boundary.fuse
        self.split_head = self.head.split(None if fuse is None else fuse.weight)

    def encode(self, image: Tensor) -> tuple[Maps, Tensor]:
        """The maps to propagate from an image [b, 3, H, W], and its shallow feature."""
        pyramid = self.backbone(image)
        split, feature = self.split_head, pyramid.deep
        if split is not None:
            feature = split.pointwise(feature)
        maps = self.boundary.collect(pyramid, feature)
        return maps._replace(head=self.head.collect(pyramid)), pyramid.shallow

    def decode(self, maps: Maps, shallow: Callable[[], Tensor]) -> Prediction:
        """The prediction for a frame from maps on it; `shallow` computes its shallow feature."""
        output = self.boundary(maps, shallow)
        if self.split_head is not None:
            return Prediction(self.split_head(output.feature, output.thin), edges=output.edges)
        logits = self.head(self.boundary.fused(output), *maps.head)
        return Prediction(logits, output.feature, output.edges)


def cropped(prediction: Prediction, image: Tensor) -> Prediction:
    """Cuts the edges to the size of the image [.., H, W]; features fill whole cells beyond it."""
    if prediction.edges is None:
        return prediction
    height, width = (-(-size // SHALLOW) for size in image.shape[-2:])
    return prediction._replace(edges=prediction.edges[..., :height, :width])
