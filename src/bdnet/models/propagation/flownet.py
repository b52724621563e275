"""Deep feature flow: a network that sees both pictures estimates the motion between them."""

from typing import ClassVar

from torch import Tensor, nn

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.flownet import FlowNetS
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.base import Moved, Propagation, fineness, move
from bdnet.motion.upsampling import enlarge
from bdnet.motion.warp import to_channels_last
from bdnet.types import Clip


class Flow(Propagation):
    """FlowNet-S from the keyframe to each frame, one warp, times a scale of each place: DFF.

    width: share of FlowNet-S's channels

    The scale is one number per place [reading; DFF has one per channel too], so that the head's
    part before the warp stays exact. State: the keyframe's picture and maps.
    """

    pixels: ClassVar[PixelsRead] = "all"

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.network = FlowNetS(width)
        self.scale = nn.Conv2d(self.network.channels, 1, 1)
        nn.init.zeros_(self.scale.weight)
        nn.init.ones_(self.scale.bias)  # type: ignore[arg-type]  # a convolution has one

    def forward(self, maps: FlatMaps, clip: Clip) -> Moved:
        flow, scale = self._estimate(clip.images[:, 0], clip.images[:, -1])
        # a keyframe is itself
        is_moved = (clip.offset > 0).to(flow.dtype)[:, None, None, None]
        flow, scale = is_moved * flow, 1 + is_moved * (scale - 1)
        return Moved(_carried(maps, flow, scale), flow)

    def start(self, maps: FlatMaps, frame: Step) -> State:
        return frame.pixels(), *map(to_channels_last, maps)

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        image, *maps = state
        return state, _carried(tuple(maps), *self._estimate(image, frame.pixels()))

    def _estimate(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Flow, and how much of a feature to keep, [b, 1, h, w]."""
        flow, seen = self.network(source, target)
        return flow, self.scale(seen)


def _carried(maps: FlatMaps, flow: Tensor, scale: Tensor) -> FlatMaps:
    return tuple(each * enlarge(scale, fineness(each, scale)) for each in move(maps, flow))
