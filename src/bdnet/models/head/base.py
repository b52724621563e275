"""The interface of heads."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from bdnet.models.backbone import Pyramid


class SplitHead(nn.Module, ABC):
    """A head for inference, in two parts: `pointwise` before propagation, `forward` after it.

    pointwise: a 1x1 convolution without bias, which warps commute with: done once per keyframe
    """

    pointwise: nn.Conv2d

    @abstractmethod
    def forward(self, feature: Tensor, thin: Tensor | None) -> Tensor:
        """Class scores from the output of `pointwise` and the boundary stream's thin map."""


class Head(nn.Module, ABC):
    """Features to class scores, constructed with the backbone and the number of classes.

    keyframe -- collect -- propagation -- forward
    """

    collects: ClassVar[int] = 0  # the number of maps that `collect` returns

    def collect(self, pyramid: Pyramid) -> tuple[Tensor, ...]:  # noqa: ARG002
        """Maps to propagate from a keyframe besides the deep feature: linear, without constant."""
        return ()

    @abstractmethod
    def forward(self, feature: Tensor, *collected: Tensor) -> Tensor:
        """Deep feature [b, channels, h, w] -> [b, classes, h, w] or [b, classes, 2 h, 2 w]"""

    def split(self, fuse: Tensor | None) -> SplitHead | None:  # noqa: ARG002
        """The same head in two parts, if that makes frames between keyframes cheaper.

        fuse: [channels, few, 1, 1], the weights of `Boundary.fuse`; None without a boundary stream
        """
        return None
