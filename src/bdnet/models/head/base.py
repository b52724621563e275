"""What every head is."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Head(nn.Module, ABC):
    """Features to class scores: forward(x) = spatial(pointwise(x)).

    It is made with the backbone whose features it gets, and the number of classes.

    What `pointwise` does to each cell alone, and linearly without constant, may be done before a
    warp as well as after it: on a keyframe once, instead of on every frame.
    """

    @abstractmethod
    def forward(self, feature: Tensor) -> Tensor:
        """[b, channels, h, w] -> [b, classes, h, w]"""

    def pointwise(self, feature: Tensor) -> Tensor:
        """[b, channels, h, w] -> [b, others, h, w]"""
        return feature

    def spatial(self, pointed: Tensor) -> Tensor:
        """[b, others, h, w] -> [b, classes, h, w]"""
        logits: Tensor = self(pointed)
        return logits
