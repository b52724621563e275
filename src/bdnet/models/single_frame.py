"""DL-X, the baseline: segments every frame on its own."""

from torch import Tensor

from bdnet.models.base import PixelsRead, State, Step
from bdnet.models.segmenter import Segmenter, cropped
from bdnet.types import Clip, Prediction


class SingleFrame(Segmenter):
    """Backbone, boundary stream and head on the target frame; a BDNet can load its weights."""

    looks_back = False

    @property
    def pixels(self) -> PixelsRead:
        return "all"

    def forward(self, clip: Clip) -> Prediction:
        return self._predict(clip.images[:, -1])

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        return state, self._predict(frame.pixels()).logits

    def _predict(self, image: Tensor) -> Prediction:
        maps, shallow = self.encode(image)
        return cropped(self.decode(maps, lambda: shallow), image)
