"""What every propagation is."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.maps import FlatMaps
from bdnet.motion.kernel import Kernel, check_kernel
from bdnet.motion.warp import warp
from bdnet.types import CELL, Clip


class Moved(NamedTuple):
    """Maps on the target frames, and the motion [b, 2, h/8, w/8] that was estimated for it.

    flow: pixels, back to the keyframe; None where nothing was estimated, but read or left alone
    """

    maps: FlatMaps
    flow: Tensor | None = None


class Propagation(nn.Module, ABC):
    """Carries a keyframe's maps to later frames: at once over a clip, or frame by frame.

    Every map moves alike, whatever it is for.
    """

    pixels: ClassVar[PixelsRead] = "key"

    @abstractmethod
    def forward(self, maps: FlatMaps, clip: Clip) -> Moved:
        """The keyframes' maps on the target frames."""

    @abstractmethod
    def start(self, maps: FlatMaps, frame: Step) -> State:
        """What to remember of a keyframe."""

    @abstractmethod
    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        """What to remember of the next frame, and the maps there."""


class Moving(Propagation):
    """Carries maps along the codec's vectors.

    kernel: linear, as published, or cubic: between cells it blurs less, for four times the reading
    """

    def __init__(self, kernel: Kernel = "linear") -> None:
        super().__init__()
        self.kernel = check_kernel(kernel)

    def move(self, maps: FlatMaps, field: Tensor) -> FlatMaps:
        return move(maps, field, self.kernel)


def move(maps: FlatMaps, field: Tensor, kernel: Kernel = "linear") -> FlatMaps:
    """Each map along the field, [b, 2, ceil(H/8), ceil(W/8)] pixels."""
    return tuple(warp(each, field, CELL // fineness(each, field), kernel) for each in maps)


def fineness(feature: Tensor, coarse: Tensor) -> int:
    """How many cells of a map lie side by side in one of a map of stride 8: 2 at stride 4."""
    return max(1, feature.shape[-1] // coarse.shape[-1])
