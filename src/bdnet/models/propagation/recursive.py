"""Motion vectors of the compressed stream, one warp per frame."""

from bdnet.models.base import State, Step
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.base import Moved, Moving
from bdnet.motion.warp import to_channels_last
from bdnet.types import Clip


class Recursive(Moving):
    """Warps each frame's maps into the next: every warp interpolates, and so smooths, again.

    State: the maps of the frame before.
    """

    def forward(self, maps: FlatMaps, clip: Clip) -> Moved:
        for step in range(clip.motion.shape[1]):
            maps = self.move(maps, clip.motion[:, step])
        return Moved(maps)

    def start(self, maps: FlatMaps, frame: Step) -> State:  # noqa: ARG002
        return tuple(map(to_channels_last, maps))

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        motion, _ = frame.vectors()
        maps = self.move(state, motion)
        return maps, maps
