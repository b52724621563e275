"""The interface of propagations, which move a keyframe's maps to later frames."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from torch import Tensor, nn

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.maps import FlatMaps
from bdnet.motion.kernel import Kernel, check_kernel
from bdnet.motion.warp import warp
from bdnet.types import CELL, Clip


class Propagated(NamedTuple):
    """Maps on the target frames, and the motion that was estimated for them.

    flow: [b, 2, h/8, w/8] pixels, back to the keyframe; None where nothing was estimated
    """

    maps: FlatMaps
    flow: Tensor | None = None


class Propagation(nn.Module, ABC):
    """Moves all maps alike: at once over a clip, or frame by frame.

    remembers: keyframes use the maps before them, and read motion
    """

    pixels: ClassVar[PixelsRead] = "key"
    remembers: ClassVar[bool] = False

    @abstractmethod
    def forward(self, maps: FlatMaps, clip: Clip) -> Propagated:
        """The keyframes' maps on the target frames."""

    @abstractmethod
    def start(self, maps: FlatMaps, frame: Step) -> State:
        """The state on a keyframe."""

    def keyframe(self, state: State, maps: FlatMaps, frame: Step) -> tuple[State, FlatMaps]:  # noqa: ARG002
        """The state on a keyframe, and the maps there; state: before it, () in a new video."""
        return self.start(maps, frame), maps

    @abstractmethod
    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        """The state on the next frame, and the maps there."""


class VectorPropagation(Propagation):
    """Moves maps along the codec's vectors.

    kernel: linear, as published, or cubic: between cells it blurs less, and reads four times as
            many cells
    """

    def __init__(self, kernel: Kernel = "linear") -> None:
        super().__init__()
        self.kernel = check_kernel(kernel)

    def move(self, maps: FlatMaps, field: Tensor) -> FlatMaps:
        return move(maps, field, self.kernel)


def move(maps: FlatMaps, field: Tensor, kernel: Kernel = "linear") -> FlatMaps:
    """Each map along the field, [b, 2, ceil(H/8), ceil(W/8)] pixels."""
    return tuple(
        warp(feature, field, CELL // cells_per_side(feature, field), kernel) for feature in maps
    )


def cells_per_side(feature: Tensor, coarse: Tensor) -> int:
    """How many cells of a map lie side by side in a cell of a coarser one."""
    return max(1, feature.shape[-1] // coarse.shape[-1])
