"""BDNet's student: the features of a keyframe are propagated to the frames after it."""

from collections.abc import Sequence

from torch import Tensor, nn

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.maps import FlatMaps, Maps
from bdnet.models.propagation.base import Propagation
from bdnet.models.segmenter import BoundaryFactory, HeadFactory, Segmenter, cropped
from bdnet.types import Clip, Prediction


class BDNet(Segmenter):
    """DL-X with propagation between backbone and head.

        keyframe:      image -- backbone --+-------------- boundary -- head
                                           v
        other frames:  vectors ------- propagation ------- boundary -- head

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
        multi_grid: Sequence[int] | None = None,
    ) -> None:
        super().__init__(classes, head, boundary, backbone, weights, multi_grid)
        self.propagation = propagation

    @property
    def pixels(self) -> PixelsRead:
        return "all" if "all" in {self.boundary.pixels, self.propagation.pixels} else "key"

    @property
    def has_two_steps(self) -> bool:
        return not self.propagation.remembers  # else the first keyframe has a step of its own

    @property
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        return self.backbone, self.propagation  # a network for motion learns like a backbone

    def forward(self, clip: Clip) -> Prediction:
        key, target = clip.images[:, 0], clip.images[:, -1]
        maps, _ = self.encode(key)
        moved, flow = self.propagation(maps.flat(), clip)
        prediction = self._decode(moved, target)
        return cropped(prediction._replace(flow=flow), target)

    def read(
        self, image: Tensor | None, motion: Tensor | None, valid: Tensor | None, is_key: bool
    ) -> Step:
        step = super().read(image, motion, valid, is_key)
        return step._replace(motion=motion, valid=valid) if self.propagation.remembers else step

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        if frame.is_key:
            maps, shallow = self.encode(frame.pixels())
            state, flat = self.propagation.keyframe(state, maps.flat(), frame)
            maps = Maps.from_flat(flat, self.head.collects)
            return state, self.decode(maps, lambda: shallow).logits
        if not state:
            raise ValueError("the first frame of a video must be a keyframe: set is_key")
        state, moved = self.propagation.step(state, frame)
        return state, self._decode(moved, frame.image).logits

    def _decode(self, moved: FlatMaps, image: Tensor | None) -> Prediction:
        """From propagated maps, and from the image if the boundary stream reads it."""

        def shallow() -> Tensor:
            return self.backbone.front(Step(image).pixels())

        return self.decode(Maps.from_flat(moved, self.head.collects), shallow)
