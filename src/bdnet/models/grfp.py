"""GRFP: segmentations of single frames, blended over time by a gated recurrent unit."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.backbone import fill_cells
from bdnet.models.base import ImagesRead, PixelsRead, State, Step
from bdnet.models.flow.base import StepFlow
from bdnet.models.propagation.base import fineness
from bdnet.models.segmenter import BoundaryFactory, HeadFactory, Segmenter, cropped
from bdnet.motion.warp import warp
from bdnet.types import CELL, Clip, Prediction

SHARPNESS = 8.0  # of class scores made of shares: softmax(8 * shares) can be nearly certain
KERNEL = 7


class GRFP(Segmenter):
    """DL-X on every frame from the keyframe to the target, and an STGRU that carries its shares on.

        keyframe:  image -- DL-X ------------------------+-- shares
                                                          | warp
        others:    image -- DL-X -- shares ------------ STGRU -- scores

    [readings] It starts afresh on every keyframe, where it is the single-frame network, so that a
    frame is blended of at most k; motion is the stream's or estimated (`flow`); shares and the
    difference of pictures live on the grid of the head's logits.
    """

    images: ClassVar[ImagesRead] = "all"

    def __init__(
        self,
        classes: int,
        head: HeadFactory,
        boundary: BoundaryFactory,
        flow: StepFlow,
        backbone: str = "resnet18",
        weights: str = "none",
    ) -> None:
        super().__init__(classes, head, boundary, backbone, weights)
        self.flow = flow
        self.unit = STGRU(classes)

    @property
    def pixels(self) -> PixelsRead:
        return "all"

    @property
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        return self.backbone, self.flow

    def forward(self, clip: Clip) -> Prediction:
        count, frames = clip.images.shape[:2]
        steps = clip.motion.shape[1]
        # images before the keyframe only fill up the clip
        first = frames - 1 - clip.offset
        is_read = torch.arange(frames, device=first.device) >= first[:, None]
        maps, shallow = self.encode(clip.images[is_read])
        seen = self.decode(maps, lambda: shallow)
        alone = torch.zeros(count, frames, *seen.logits.shape[1:], device=clip.images.device)
        alone[is_read] = seen.logits.float()
        logits = alone[torch.arange(count), first]
        for step in range(steps):
            place = frames - steps + step
            before, image = clip.images[:, place - 1], clip.images[:, place]
            blended = self._blend(before, image, clip.motion[:, step], logits, alone[:, place])
            is_after = (step >= steps - clip.offset)[:, None, None, None]
            logits = torch.where(is_after, blended, logits)
        last = (clip.offset + 1).cumsum(0) - 1  # of the images that were read, the targets
        features, edges = (
            None if part is None else part[last] for part in (seen.features, seen.edges)
        )
        return cropped(Prediction(logits, features, edges), clip.images[:, -1])

    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        image = frame.pixels()
        maps, shallow = self.encode(image, self.head.pointwise)
        logits = self.logits(maps, lambda: shallow)
        if not frame.is_key:
            if not state:
                raise ValueError("the first frame of a video must be a keyframe: set is_key")
            before, earlier = state
            logits = self._blend(before, image, frame.vectors()[0], earlier, logits)
        return (image, logits), logits

    def _blend(
        self, before: Tensor, image: Tensor, motion: Tensor, earlier: Tensor, alone: Tensor
    ) -> Tensor:
        """Pictures, the stream's field, scores of the frame before and of this one -> scores."""
        field = self.flow(before, image, motion)
        # differences of shares are too fine for half precision, and the unit is small
        with torch.autocast(alone.device.type, enabled=False):
            stride = CELL // fineness(alone, field)
            before, image = (
                functional.avg_pool2d(fill_cells(each.float()), stride) for each in (before, image)
            )
            remembered = warp(earlier.float().softmax(1), field, stride)
            difference = image - warp(before, field, stride)
            blended: Tensor = self.unit(alone.float().softmax(1), remembered, difference)
        return blended


class STGRU(nn.Module):
    """Spatio-temporal gated recurrent unit over shares of classes (Nilsson & Sminchisescu, 2018).

        r = 1 - tanh(|w_r * difference + b_r|)          how much the remembered can be trusted
        c = w_xc * x + w_hc * (r h)                     candidate
        z = sigmoid(w_xz * x + w_hz * h + b_z)          how much the candidate counts
        scores = lambda (1 - z) r h + z c               * is a 7x7 convolution

    It starts close to the single frame: w_xc repeats the shares, and z is large.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()

        def convolution(before: int, after: int, bias: bool) -> nn.Conv2d:
            made = nn.Conv2d(before, after, KERNEL, padding=KERNEL // 2, bias=bias)
            nn.init.normal_(made.weight, std=1e-2)
            return made

        self.trust = convolution(3, 1, True)
        self.new, self.kept = (convolution(classes, classes, False) for _ in range(2))
        self.gate_new = convolution(classes, 1, True)
        self.gate_kept = convolution(classes, 1, False)
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS))
        with torch.no_grad():
            self.new.weight[..., KERNEL // 2, KERNEL // 2] += SHARPNESS * torch.eye(classes)
            self.trust.bias.zero_()  # type: ignore[union-attr]  # it has one
            self.gate_new.bias.fill_(1.0)  # type: ignore[union-attr]

    def forward(self, shares: Tensor, remembered: Tensor, difference: Tensor) -> Tensor:
        """x and h [b, classes, h, w], I - warped I [b, 3, h, w] -> scores [b, classes, h, w]."""
        trusted = (1 - self.trust(difference).abs().tanh()) * remembered
        candidate = self.new(shares) + self.kept(trusted)
        gate = (self.gate_new(shares) + self.gate_kept(remembered)).sigmoid()
        scores: Tensor = self.sharpness * (1 - gate) * trusted + gate * candidate
        return scores
