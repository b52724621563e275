"""What every head is."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from bdnet.models.addition import Addition, added
from bdnet.models.backbone import Pyramid


class Head(nn.Module, ABC):
    """Features to class scores: forward(x, ...) = spatial(pointwise(x), ...).

    It is made with the backbone whose features it gets, and the number of classes.

        keyframe -- collect -- propagation -- forward

    What `pointwise` does to each cell alone, and linearly without constant, may be done before a
    warp as well as after it: on a keyframe once, instead of on every frame.
    """

    collects: ClassVar[int] = 0  # how many maps `collect` gives

    def collect(self, pyramid: Pyramid) -> tuple[Tensor, ...]:  # noqa: ARG002
        """Maps that travel from a keyframe besides the deep feature: linear, without constant."""
        return ()

    @abstractmethod
    def forward(self, feature: Tensor, *others: Tensor) -> Tensor:
        """[b, channels, h, w], and what was collected -> [b, classes, h, w] or [.., 2 h, 2 w]"""

    def pointwise(self, feature: Tensor) -> Tensor:
        """[b, channels, h, w] -> [b, others, h, w]"""
        return feature

    def spatial(self, pointed: Tensor, *others: Tensor, addition: Addition | None = None) -> Tensor:
        """[b, others, h, w], and what was collected -> what `forward` gives

        addition: to `pointed`
        """
        logits: Tensor = self(added(pointed, addition), *others)
        return logits
