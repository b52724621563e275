"""Motion vectors of the compressed stream, filled, and set right by the pictures themselves."""

from typing import ClassVar

from torch import Tensor

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.filled import Filled
from bdnet.motion.kernel import Kernel
from bdnet.motion.matching import match, small
from bdnet.types import Clip


class Matched(Filled):
    """Looks around where the composed field points for what is most like the target.

    Reads every frame's pixels; costs no network, but as much time as a small one's step between
    keyframes. State: that of Filled, and the keyframe's picture, small and grey.
    """

    pixels: ClassVar[PixelsRead] = "all"

    def __init__(self, kernel: Kernel = "cubic") -> None:
        super().__init__(kernel)

    def trace(self, clip: Clip) -> Tensor:
        field = super().trace(clip)
        return match(field, *(_seen(clip.images[:, each], field) for each in (0, -1)))

    def start(self, maps: FlatMaps, frame: Step) -> State:
        *known, field, valid = super().start(maps, frame)
        return *known, field, valid, _seen(frame.pixels(), field)

    def follow(self, state: State, frame: Step) -> State:
        *known, key = state
        return *super().follow(tuple(known), frame), key

    def way(self, state: State, frame: Step) -> tuple[FlatMaps, Tensor]:
        *known, key = state
        maps, field = super().way(tuple(known), frame)
        return maps, match(field, key, _seen(frame.pixels(), field))


def _seen(image: Tensor, field: Tensor) -> Tensor:
    return small(image, *field.shape[-2:])
