"""The maps that are propagated from a keyframe to the frames after it."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

FlatMaps = tuple[Tensor, ...]  # propagation treats all maps alike


class Maps(NamedTuple):
    """Features of a keyframe that boundary stream and head need, there or on a later frame.

    feature:  [b, c, h, w] at stride 8: the deep feature, or its 1x1 convolution in a network that
              is optimised for inference; then one channel per guide of the boundary stream
    boundary: [b, c, 2 h, 2 w] each, at stride 4: further maps of the boundary stream
    head:     [b, c, 2 h, 2 w] each, at stride 4: further maps of the head
    """

    feature: Tensor
    boundary: tuple[Tensor, ...] = ()
    head: tuple[Tensor, ...] = ()

    def flat(self) -> FlatMaps:
        return self.feature, *self.boundary, *self.head

    @staticmethod
    def from_flat(flat: Sequence[Tensor], head: int) -> "Maps":
        """The inverse of `flat`, given the number of the head's maps."""
        feature, *rest = flat
        split = len(rest) - head
        return Maps(feature, tuple(rest[:split]), tuple(rest[split:]))
