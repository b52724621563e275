"""What every boundary stream is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from bdnet.models.addition import Addition
from bdnet.models.backbone import Pyramid
from bdnet.models.base import PixelsRead
from bdnet.models.maps import Maps

Pointwise = Callable[[Tensor], Tensor]  # linear, on each cell alone


class Fusion(NamedTuple):
    """The deep feature [b, c, h, w] and what is added to it, and edge logits [b, 1, 2 h, 2 w]."""

    feature: Tensor
    addition: Addition | None = None
    edges: Tensor | None = None


class Boundary(nn.Module, ABC):
    """Stands between backbone and head, in three acts.

        keyframe -- collect -- propagation -- complete -- forward -- head
                              target's pixels --^

    What is linear comes before propagation, where it makes maps thinner: a 1x1 convolution of a
    warped map is the warped 1x1 convolution.
    """

    pixels: ClassVar[PixelsRead] = "key"

    @abstractmethod
    def collect(self, pyramid: Pyramid, pointwise: Pointwise) -> Maps:
        """What has to travel from a keyframe, the deep feature pointwise; nothing of the head's."""

    def complete(self, maps: Maps, shallow: Callable[[], Tensor]) -> Maps:  # noqa: ARG002
        """Adds what comes from the target itself; shallow computes its shallow feature."""
        return maps

    @abstractmethod
    def forward(self, maps: Maps, pointwise: Pointwise) -> Fusion:
        """What the head gets.

        pointwise: what `collect` did to the deep feature
        """
