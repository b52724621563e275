"""BDNet's student: a keyframe in full, its features propagated to the frames after it."""

from torch import Tensor, nn

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.maps import FlatMaps, Maps
from bdnet.models.propagation.base import Propagation
from bdnet.models.segmenter import BoundaryFactory, HeadFactory, Segmenter, cropped
from bdnet.types import Clip, Prediction


class BDNet(Segmenter):
    """DL-X with propagation between backbone and head.

        keyframe:  image -- backbone --+------------------------- boundary -- head
                                       v
        others:    vectors ------- propagation ------------------ boundary -- head

    Keyframes and other frames may stand side by side in a batch.
    """

    def __init__(
        self,
        classes: int,
        head: HeadFactory,
        boundary: BoundaryFactory,
        propagation: Propagation,
        backbone: str = "resnet18",
        weights: str = "none",
    ) -> None:
        super().__init__(classes, head, boundary, backbone, weights)
        self.propagation = propagation

    @property
    def pixels(self) -> PixelsRead:
        return "all" if "all" in {self.boundary.pixels, self.propagation.pixels} else "key"

    @property
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        return self.backbone, self.propagation  # a network for motion learns like a backbone

    def forward(self, clip: Clip) -> Prediction:
        key, target = clip.images[:, 0], clip.images[:, -1]
        maps, _ = self.encode(key)
        moved, flow = self.propagation(maps.flat(), clip)
        seen = self.decode(self._named(moved), lambda: self.backbone.front(target))
        return cropped(seen._replace(flow=flow), target)

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        if frame.is_key:
            maps, shallow = self.encode(frame.pixels(), self.head.pointwise)
            return self.propagation.start(maps.flat(), frame), self.logits(maps, lambda: shallow)
        if not state:
            raise ValueError("the first frame of a video must be a keyframe: set is_key")
        state, moved = self.propagation.step(state, frame)
        maps = self._named(moved)
        return state, self.logits(maps, lambda: self.backbone.front(frame.pixels()))

    def _named(self, moved: FlatMaps) -> Maps:
        """What propagation gives back, by name again."""
        return Maps.named(moved, self.head.collects)
