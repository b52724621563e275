"""Deep feature flow (DFF): a network that sees both images estimates the motion between them."""

from typing import ClassVar, Literal, get_args

from torch import Tensor, nn

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.errors import BadModel
from bdnet.models.flownet import FlowNetS
from bdnet.models.maps import FlatMaps
from bdnet.models.propagation.base import Propagated, Propagation, cells_per_side, move
from bdnet.motion.upsampling import enlarge
from bdnet.motion.warp import to_channels_last
from bdnet.types import Clip

ScaleBias = Literal["frozen", "learned"]


class Flow(Propagation):
    """FlowNet-S from the keyframe to each frame, one warp, times a scale map.

    width: share of FlowNet-S's channels

    The scale map has one channel [reading; DFF has one per channel of the feature], so that a head
    can still be split around the warp. State: the keyframe's image and maps.

    scale_bias: of the scale map: `frozen` at 1, as published, or `learned`, from 1 on
    """

    pixels: ClassVar[PixelsRead] = "all"

    def __init__(self, width: float = 1.0, scale_bias: ScaleBias = "frozen") -> None:
        super().__init__()
        if scale_bias not in get_args(ScaleBias):
            names = " or ".join(get_args(ScaleBias))
            raise BadModel(f"model.propagation.scale_bias={scale_bias}: use {names}")
        self.network = FlowNetS(width)
        self.scale = nn.Conv2d(self.network.channels, 1, 1, bias=scale_bias == "learned")
        nn.init.zeros_(self.scale.weight)
        if self.scale.bias is not None:
            nn.init.ones_(self.scale.bias)

    def forward(self, maps: FlatMaps, clip: Clip) -> Propagated:
        flow, scale = self._estimate(clip.images[:, 0], clip.images[:, -1])
        # a target that is its own keyframe does not move
        is_moved = (clip.offset > 0).to(flow.dtype)[:, None, None, None]
        flow, scale = is_moved * flow, 1 + is_moved * (scale - 1)
        return Propagated(_propagate(maps, flow, scale), flow)

    def start(self, maps: FlatMaps, frame: Step) -> State:
        return frame.pixels(), *map(to_channels_last, maps)

    def step(self, state: State, frame: Step) -> tuple[State, FlatMaps]:
        image, *maps = state
        return state, _propagate(tuple(maps), *self._estimate(image, frame.pixels()))

    def _estimate(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Flow, and the scale of the features, [b, 1, h, w]."""
        flow, features = self.network(source, target)
        scale: Tensor = self.scale(features)
        return flow, scale + 1 if self.scale.bias is None else scale


def _propagate(maps: FlatMaps, flow: Tensor, scale: Tensor) -> FlatMaps:
    return tuple(
        feature * enlarge(scale, cells_per_side(feature, scale)) for feature in move(maps, flow)
    )
