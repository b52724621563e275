"""The filled vectors, and maps that are averaged with earlier ones at keyframes."""

from typing import ClassVar

import torch
from torch import Tensor

from bdnet.errors import BdnetError
from bdnet.models.base import State, Step
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.base import cells_per_side
from bdnet.models.propagation.filled import Filled
from bdnet.motion.holes import MOST_HOLES
from bdnet.motion.kernel import Kernel
from bdnet.motion.memory import change, grey_levels, is_cut, refined, weight
from bdnet.motion.upsampling import enlarge


class Memory(Filled):
    """Moves maps as Filled does; a keyframe's are averaged with those moved there.

        moved maps  --*--+-- maps of the keyframe       the weight: the less, the more the picture
        new maps    --*--'                              changed; 0 at a cut

    memory: weight of the earlier maps where the picture did not change: from 0 to below 1

    State: that of Filled, and the keyframe's picture, small and grey.
    """

    remembers: ClassVar[bool] = True

    def __init__(self, memory: float = 0.65, kernel: Kernel = "linear") -> None:
        super().__init__(kernel)
        if not 0 <= memory < 1:
            raise BdnetError(
                f"propagation.memory={memory}: from 0, which keeps no earlier maps, to below 1"
            )
        self.memory = memory

    def start(self, maps: FlatMaps, frame: Step) -> State:
        *filled, field, valid = super().start(maps, frame)
        return *filled, field, valid, grey_levels(frame.pixels(), *field.shape[-2:])

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        *filled, picture = state
        after, maps = super().step(tuple(filled), frame)
        return (*after, picture), maps

    def keyframe(self, state: State, maps: FlatMaps, frame: Step) -> tuple[State, FlatMaps]:
        if state:
            *filled, before = state
            *earlier, field, _ = filled
            now = grey_levels(frame.pixels(), *field.shape[-2:])
            field = self._field(tuple(filled), frame, now, before)
            changed = change(now, before, field)
            is_same = ~is_cut(changed, now, before)[:, None, None, None]
            maps = tuple(
                torch.lerp(new, old, is_same * self._weight(changed, new))
                for new, old in zip(maps, self.move(tuple(earlier), field), strict=True)
            )
        return self.start(maps, frame), maps

    def _weight(self, changed: Tensor, feature: Tensor) -> Tensor:
        cells = enlarge(changed, cells_per_side(feature, changed))
        return weight(cells, self.memory).to(feature.dtype)

    def _field(self, filled: State, frame: Step, now: Tensor, before: Tensor) -> Tensor:
        """Back to the last keyframe; where there are too few vectors, found in the pictures."""
        *_, last, _ = filled
        if frame.motion is None or frame.valid is None:
            return refined(last, now, before)
        *_, field, _ = self.append(filled, frame)
        is_usable = frame.valid.flatten(1).float().mean(1) >= 1 - MOST_HOLES
        if is_usable.all():
            return field
        return torch.where(is_usable[:, None, None, None], field, refined(last, now, before))
