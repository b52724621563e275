"""Motion vectors of the compressed stream, accumulated: one warp from the keyframe."""

import torch
from torch import Tensor

from bdnet.models.base import State, Step
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.base import Propagated, VectorPropagation
from bdnet.motion.accumulation import accumulate
from bdnet.motion.warp import to_channels_last
from bdnet.types import Clip, cells


class Vectors(VectorPropagation):
    """Composes the fields back to the keyframe, then warps once, so that blur does not add up.

    State: the keyframe's maps, the field back to the keyframe, and where no hole broke the chain.
    """

    def forward(self, maps: FlatMaps, clip: Clip) -> Propagated:
        return Propagated(self.move(maps, self.field(clip)))

    def start(self, maps: FlatMaps, frame: Step) -> State:
        image = frame.pixels()
        batch, _, height, width = image.shape
        grid = cells(height), cells(width)
        field = torch.zeros(batch, 2, *grid, device=image.device)
        valid = torch.ones(batch, *grid, dtype=torch.bool, device=image.device)
        return *map(to_channels_last, maps), field, valid

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        state = self.append(state, frame)
        *maps, field, _ = state
        return state, self.move(tuple(maps), field)

    def field(self, clip: Clip) -> Tensor:
        """The field from the targets back to their keyframes."""
        field, _ = accumulate(clip.motion, clip.valid)
        return field

    def append(self, state: State, frame: Step) -> State:
        """The state one frame later."""
        *maps, field, valid = state
        motion, usable = frame.vectors()
        return *maps, *accumulate(torch.stack([field, motion], 1), torch.stack([valid, usable], 1))
