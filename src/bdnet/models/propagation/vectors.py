"""Motion vectors of the compressed stream, accumulated: one warp from the keyframe."""

import torch
from torch import Tensor

from bdnet.models.base import State, Step
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.base import Moved, Moving
from bdnet.motion.accumulation import accumulate
from bdnet.motion.warp import to_channels_last
from bdnet.types import Clip, cells


class Vectors(Moving):
    """Composes the fields back to the keyframe, then warps once: no smear of repeated warping.

    State: the keyframe's maps, the field back to the keyframe, and where no hole broke the chain.
    """

    def forward(self, maps: FlatMaps, clip: Clip) -> Moved:
        return Moved(self.move(maps, self.trace(clip)))

    def trace(self, clip: Clip) -> Tensor:
        """The field from the targets back to their keyframes."""
        field, _ = accumulate(clip.motion, clip.valid)
        return field

    def start(self, maps: FlatMaps, frame: Step) -> State:
        image = frame.pixels()
        batch, _, height, width = image.shape
        grid = cells(height), cells(width)
        field = torch.zeros(batch, 2, *grid, device=image.device)
        valid = torch.ones(batch, *grid, dtype=torch.bool, device=image.device)
        return *map(to_channels_last, maps), field, valid

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        state = self.follow(state, frame)
        return state, self.move(*self.way(state, frame))

    def follow(self, state: State, frame: Step) -> State:
        """The state one frame later."""
        *maps, field, valid = state
        return *maps, *append(field, valid, *frame.vectors())

    def way(self, state: State, frame: Step) -> tuple[FlatMaps, Tensor]:  # noqa: ARG002
        """The keyframe's maps, and the field from the frame of this state back to it."""
        *maps, field, _ = state
        return tuple(maps), field


def append(field: Tensor, valid: Tensor, motion: Tensor, usable: Tensor) -> tuple[Tensor, Tensor]:
    """The accumulated field [b, 2, h, w] and its validity, one frame later."""
    return accumulate(torch.stack([field, motion], 1), torch.stack([valid, usable], 1))
