"""A thin map whose 1x1 convolution is added to a feature: kept apart as long as that is cheaper."""

from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

from bdnet.motion.warp import memory_format_of


class Addition(NamedTuple):
    """weight * thin, where `*` is a convolution.

    thin:   [b, few, h, w]
    weight: [channels, few, 1, 1]
    """

    thin: Tensor
    weight: Tensor

    def to(self, feature: Tensor) -> Tensor:
        """The sum with a feature [b, channels, h, w]."""
        # or it takes ten times as long
        thin = self.thin.contiguous(memory_format=memory_format_of(feature))
        return feature + functional.conv2d(thin, self.weight)


def added(feature: Tensor, addition: Addition | None) -> Tensor:
    """The feature with what is added to it, if anything is."""
    return feature if addition is None else addition.to(feature)
