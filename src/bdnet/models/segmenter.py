"""What a network of backbone, boundary stream and head computes, with or without propagation."""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor, nn

from bdnet.models.addition import added
from bdnet.models.backbone import SHALLOW, Backbone
from bdnet.models.base import VideoModel
from bdnet.models.boundary.base import Boundary, Fusion, Pointwise
from bdnet.models.errors import BadModel
from bdnet.models.head.base import Head
from bdnet.models.maps import Maps
from bdnet.types import Prediction


class HeadFactory(Protocol):
    """Makes the head that fits a backbone: a class, or a `_partial_` one."""

    def __call__(self, backbone: Backbone, classes: int) -> Head: ...


class BoundaryFactory(Protocol):
    """The same of a boundary stream."""

    def __call__(self, backbone: Backbone) -> Boundary: ...


def _as_it_is(feature: Tensor) -> Tensor:
    return feature


class Segmenter(VideoModel):
    """The two halves of a network; what happens between them is the subclass's.

    backbone: a timm network by name
    weights:  of the backbone: none, timm (a download), or a local file
    """

    def __init__(
        self,
        classes: int,
        head: HeadFactory,
        boundary: BoundaryFactory,
        backbone: str = "resnet18",
        weights: str = "none",
    ) -> None:
        super().__init__()
        if classes < 2:
            raise BadModel(f"classes={classes}: there is nothing to tell apart; at least 2")
        self.backbone = Backbone(backbone, weights)
        self.boundary = boundary(backbone=self.backbone)
        self.head = head(backbone=self.backbone, classes=classes)

    @property
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        return (self.backbone,)

    def encode(self, image: Tensor, pointwise: Pointwise = _as_it_is) -> tuple[Maps, Tensor]:
        """What travels from a picture [b, 3, H, W], and its shallow feature.

        pointwise: the head's, for `logits`: done once, for all frames to come
        """
        pyramid = self.backbone(image)
        maps = self.boundary.collect(pyramid, pointwise)
        return maps._replace(head=self.head.collect(pyramid)), pyramid.shallow

    def decode(self, maps: Maps, shallow: Callable[[], Tensor]) -> Prediction:
        """Maps on a frame, and how to get its shallow feature -> what is seen there."""
        feature, edges = self.fuse(maps, shallow)
        logits = self.head(feature, *maps.head)
        return Prediction(logits, maps.feature[:, : self.backbone.channels], edges)

    def fuse(self, maps: Maps, shallow: Callable[[], Tensor]) -> tuple[Tensor, Tensor | None]:
        """The feature that `decode` hands to the head, and the edges."""
        fusion: Fusion = self.boundary(self.boundary.complete(maps, shallow), _as_it_is)
        return added(fusion.feature, fusion.addition), fusion.edges

    def logits(self, maps: Maps, shallow: Callable[[], Tensor]) -> Tensor:
        """The logits of `decode`, of maps that are pointwise the head's."""
        maps = self.boundary.complete(maps, shallow)
        fusion: Fusion = self.boundary(maps, self.head.pointwise)
        return self.head.spatial(fusion.feature, *maps.head, addition=fusion.addition)


def cropped(prediction: Prediction, image: Tensor) -> Prediction:
    """Edges as far as the picture [.., H, W] goes: features fill whole cells."""
    if prediction.edges is None:
        return prediction
    height, width = (-(-size // SHALLOW) for size in image.shape[-2:])
    return prediction._replace(edges=prediction.edges[..., :height, :width])
