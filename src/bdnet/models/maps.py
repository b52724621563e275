"""What travels from a keyframe to the frames after it."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

FlatMaps = tuple[Tensor, ...]  # maps one after the other, all alike to whoever moves them


class Maps(NamedTuple):
    """What boundary stream and head want of a keyframe, there or on a later frame.

    feature:  [b, c, h, w], stride 8: the deep feature, as it is or pointwise; after its channels
              one for each guide of the boundary stream
    boundary: [b, c, 2 h, 2 w] each, stride 4: what the boundary stream wants besides
    head:     [b, c, 2 h, 2 w] each, stride 4: what the head wants besides
    """

    feature: Tensor
    boundary: tuple[Tensor, ...] = ()
    head: tuple[Tensor, ...] = ()

    def flat(self) -> FlatMaps:
        """One after the other, as propagation moves and remembers them."""
        return self.feature, *self.boundary, *self.head

    @staticmethod
    def named(flat: Sequence[Tensor], head: int) -> "Maps":
        """What `flat` gave, where so many were the head's."""
        feature, *others = flat
        place = len(others) - head
        return Maps(feature, tuple(others[:place]), tuple(others[place:]))
