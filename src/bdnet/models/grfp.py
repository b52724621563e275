"""GRFP: segmentations of single frames, blended over time by a gated recurrent unit."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.backbone import fill_cells
from bdnet.models.base import ImagesRead, PixelsRead, State, Step
from bdnet.models.propagation.base import cells_per_side
from bdnet.models.segmenter import BoundaryFactory, HeadFactory, Segmenter, cropped
from bdnet.motion.warp import warp
from bdnet.types import CELL, Clip, Prediction

SHARPNESS = 8.0  # of logits made of probabilities: softmax(8 p) can be nearly certain
KERNEL = 7


class GRFP(Segmenter):
    """DL-X on every frame from the keyframe to the target, and an STGRU over its probabilities.

        keyframe:      image -- DL-X ---------------------------+-- probabilities
                                                                 | warp
        other frames:  image -- DL-X -- probabilities ------- STGRU -- logits

    [readings] Its state is dropped on every keyframe, where it is the single-frame network, so a
    frame is blended from at most k frames; motion is the stream's; probabilities and the difference
    of images live on the grid of the head's logits.
    """

    images: ClassVar[ImagesRead] = "all"

    def __init__(
        self,
        classes: int,
        head: HeadFactory,
        boundary: BoundaryFactory,
        backbone: str = "resnet18",
        weights: str = "none",
        multi_grid: Sequence[int] | None = None,
    ) -> None:
        super().__init__(classes, head, boundary, backbone, weights, multi_grid)
        self.unit = STGRU(classes)

    @property
    def pixels(self) -> PixelsRead:
        return "all"

    def forward(self, clip: Clip) -> Prediction:
        count, frames = clip.images.shape[:2]
        steps = clip.motion.shape[1]
        # images before the keyframe are padding
        first = frames - 1 - clip.offset
        is_read = torch.arange(frames, device=first.device) >= first[:, None]
        maps, shallow = self.encode(clip.images[is_read])
        prediction = self.decode(maps, lambda: shallow)
        shape = prediction.logits.shape[1:]
        single = torch.zeros(count, frames, *shape, device=clip.images.device)
        single[is_read] = prediction.logits.float()
        logits = single[torch.arange(count), first]
        for step in range(steps):
            index = frames - steps + step
            before, image = clip.images[:, index - 1], clip.images[:, index]
            blended = self._blend(before, image, clip.motion[:, step], logits, single[:, index])
            is_after = (step >= steps - clip.offset)[:, None, None, None]
            logits = torch.where(is_after, blended, logits)
        targets = (clip.offset + 1).cumsum(0) - 1  # among the images that were read
        features, edges = (
            None if part is None else part[targets]
            for part in (prediction.features, prediction.edges)
        )
        return cropped(Prediction(logits, features, edges), clip.images[:, -1])

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        image = frame.pixels()
        maps, shallow = self.encode(image)
        logits = self.decode(maps, lambda: shallow).logits
        if not frame.is_key:
            if not state:
                raise ValueError("the first frame of a video must be a keyframe: set is_key")
            before, earlier = state
            logits = self._blend(before, image, frame.vectors()[0], earlier, logits)
        return (image, logits), logits

    def _blend(
        self, before: Tensor, image: Tensor, motion: Tensor, earlier: Tensor, single: Tensor
    ) -> Tensor:
        """Logits of a frame.

        before, image:   the images of the frame before and of this one
        earlier, single: the logits of the frame before, and DL-X's of this one
        """
        # differences of probabilities are too fine for half precision, and the unit is small
        with torch.autocast(single.device.type, enabled=False):
            stride = CELL // cells_per_side(single, motion)
            before, image = (
                functional.avg_pool2d(fill_cells(picture.float()), stride)
                for picture in (before, image)
            )
            remembered = warp(earlier.float().softmax(1), motion, stride)
            difference = image - warp(before, motion, stride)
            blended: Tensor = self.unit(single.float().softmax(1), remembered, difference)
        return blended


class STGRU(nn.Module):
    """Spatio-temporal gated recurrent unit over probabilities (Nilsson & Sminchisescu, 2018).

        r = 1 - tanh(|w_r * difference + b_r|)          trust in the warped probabilities h
        c = w_xc * x + w_hc * (r h)                     candidate, x: the frame's probabilities
        z = sigmoid(w_xz * x + w_hz * h + b_z)          weight of the candidate
        logits = lambda (1 - z) r h + z c               * is a 7x7 convolution

    It starts close to the single frame: w_xc repeats the probabilities, and z is large.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()

        def convolution(before: int, after: int, bias: bool) -> nn.Conv2d:
            layer = nn.Conv2d(before, after, KERNEL, padding=KERNEL // 2, bias=bias)
            nn.init.normal_(layer.weight, std=1e-2)
            return layer

        self.trust = convolution(3, 1, True)
        self.new, self.kept = (convolution(classes, classes, False) for _ in range(2))
        self.gate_new = convolution(classes, 1, True)
        self.gate_kept = convolution(classes, 1, False)
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS))
        with torch.no_grad():
            self.new.weight[..., KERNEL // 2, KERNEL // 2] += SHARPNESS * torch.eye(classes)
            nn.init.zeros_(self.trust.get_parameter("bias"))
            nn.init.ones_(self.gate_new.get_parameter("bias"))

    def forward(self, probabilities: Tensor, remembered: Tensor, difference: Tensor) -> Tensor:
        """x and h [b, classes, h, w], I - warped I [b, 3, h, w] -> logits [b, classes, h, w]."""
        trusted = (1 - self.trust(difference).abs().tanh()) * remembered
        candidate = self.new(probabilities) + self.kept(trusted)
        gate = (self.gate_new(probabilities) + self.gate_kept(remembered)).sigmoid()
        logits: Tensor = self.sharpness * (1 - gate) * trusted + gate * candidate
        return logits
