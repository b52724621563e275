"""The interface of boundary streams, which stand between backbone and head."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from bdnet.models.backbone import Pyramid
from bdnet.models.base import PixelsRead
from bdnet.models.maps import Maps
from bdnet.motion.warp import memory_format_of


class BoundaryOutput(NamedTuple):
    """The output of a boundary stream, for the head.

    feature: [b, c, h, w] at stride 8, the deep feature
    thin:    [b, few, h, w]; its 1x1 convolution `Boundary.fuse` is added to the feature
    edges:   [b, 1, 2 h, 2 w] logits
    """

    feature: Tensor
    thin: Tensor | None = None
    edges: Tensor | None = None


class Boundary(nn.Module, ABC):
    """Collects maps on the keyframe, and makes the head's input from them on the target frame.

    keyframe -- collect -- propagation -- forward -- head
                         target's pixels --^
    """

    pixels: ClassVar[PixelsRead] = "key"

    @property
    def fuse(self) -> nn.Conv2d | None:
        """The 1x1 convolution, without bias, of the thin map before it is added to the feature."""
        return None

    @abstractmethod
    def collect(self, pyramid: Pyramid, feature: Tensor) -> Maps:
        """The maps to propagate from a keyframe, except the head's.

        feature: the deep feature, or its 1x1 convolution in a network optimised for inference
        """

    @abstractmethod
    def forward(self, maps: Maps, shallow: Callable[[], Tensor]) -> BoundaryOutput:
        """The head's input on the target frame; `shallow` computes the target's shallow feature."""

    def fused(self, output: BoundaryOutput) -> Tensor:
        """The deep feature with the boundary stream's contribution."""
        if self.fuse is None or output.thin is None:
            return output.feature
        # mixed memory formats make the sum ten times slower
        thin = output.thin.contiguous(memory_format=memory_format_of(output.feature))
        contribution: Tensor = self.fuse(thin)
        return output.feature + contribution
