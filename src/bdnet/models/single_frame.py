"""DL-X: every frame on its own, the baseline."""

from torch import Tensor

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.segmenter import Segmenter, cropped
from bdnet.types import Clip, Prediction


class SingleFrame(Segmenter):
    """Backbone, boundary stream and head on the target frame; its weights fit a BDNet."""

    looks_back = False

    @property
    def pixels(self) -> PixelsRead:
        return "all"

    def forward(self, clip: Clip) -> Prediction:
        target = clip.images[:, -1]
        maps, shallow = self.encode(target)
        return cropped(self.decode(maps, lambda: shallow), target)

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        maps, shallow = self.encode(frame.pixels(), self.head.pointwise)
        return state, self.logits(maps, lambda: shallow)
