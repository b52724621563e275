"""Motion vectors of the compressed stream, one warp per frame."""

from bdnet.models.base import State, Step
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.base import Propagated, VectorPropagation
from bdnet.motion.warp import to_channels_last
from bdnet.types import Clip


class Recursive(VectorPropagation):
    """Warps each frame's maps into the next; the interpolation of every warp smooths again.

    State: the maps of the frame before.
    """

    def forward(self, maps: FlatMaps, clip: Clip) -> Propagated:
        for motion in clip.motion.unbind(1):
            maps = self.move(maps, motion)
        return Propagated(maps)

    def start(self, maps: FlatMaps, frame: Step) -> State:  # noqa: ARG002
        return tuple(map(to_channels_last, maps))

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        motion, _ = frame.vectors()
        maps = self.move(state, motion)
        return maps, maps
