"""Motion vectors of the compressed stream, filled, and corrected by matching the images."""

from typing import ClassVar

from torch import Tensor

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.filled import Filled
from bdnet.motion.kernel import Kernel
from bdnet.motion.matching import grey_half, match
from bdnet.types import Clip


class Matched(Filled):
    """Searches around where the composed field points for the best match with the target.

    Reads every frame's pixels. Its search takes as long as a small network on
    a frame between keyframes. State: that of Filled, and the keyframe's image, small and grey.
    """

    pixels: ClassVar[PixelsRead] = "all"

    def __init__(self, kernel: Kernel = "cubic") -> None:
        super().__init__(kernel)

    def field(self, clip: Clip) -> Tensor:
        field = super().field(clip)
        key, target = (_small(clip.images[:, index], field) for index in (0, -1))
        return match(field, key, target)

    def start(self, maps: FlatMaps, frame: Step) -> State:
        *rest, field, valid = super().start(maps, frame)
        return *rest, field, valid, _small(frame.pixels(), field)

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        *composed, key = state
        composed = list(self.append(tuple(composed), frame))
        *maps, field, _ = composed
        matched = match(field, key, _small(frame.pixels(), field))
        return (*composed, key), self.move(tuple(maps), matched)


def _small(image: Tensor, field: Tensor) -> Tensor:
    return grey_half(image, *field.shape[-2:])
