"""A network's output, and the forms in which it is warped between keyframes."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bdnet.errors import BdnetError
from bdnet.inference.accelerate.grid import Grid
from bdnet.inference.accelerate.labels import LabelMaps, upsampled
from bdnet.types import Size

LEAST = 1e-8  # probability, to keep logarithms finite


class Output(NamedTuple):
    """A network's output for a batch of frames.

    scores:  float32 [b, c, h, w] at the network's own stride; int64 [b, 1, h, w] ready labels
    extent:  pixels of the frame's coordinates that the maps cover: its size, or more where the
             picture was padded on the right and below
    corners: the network upsamples with align_corners=True
    """

    scores: Tensor
    extent: Size
    corners: bool = False

    def grid(self, state: Tensor | None = None) -> Grid:
        """Of the scores, or of another map over the same pixels."""
        rows, columns = (self.scores if state is None else state).shape[-2:]
        return Grid(rows, columns, self.extent, self.corners)


class Form(ABC):
    """The form in which scores are warped and averaged, and how labels are made from it."""

    mixes = True  # maps of two frames may be averaged
    resizes = True  # maps may be upsampled before they are warped

    @abstractmethod
    def pack(self, scores: Tensor) -> Tensor:
        """A keyframe's scores [1, c, h, w] -> the maps that are warped."""

    @abstractmethod
    def unpack(self, state: Tensor) -> Tensor:
        """Warped maps -> scores."""

    def own(self, scores: Tensor) -> Tensor:
        """The scores that give exactly the network's own labels."""
        return scores

    def labels(self, scores: Tensor, maps: LabelMaps) -> NDArray[Any]:
        """Scores -> [H, W] of the frame."""
        return maps(scores)


class Probabilities(Form):
    """For networks with one score per class; the highest is the label."""

    def pack(self, scores: Tensor) -> Tensor:
        return scores.softmax(1)

    def unpack(self, state: Tensor) -> Tensor:
        # cubic warps overshoot
        return state.clamp(min=LEAST).log()


class Shares(Form):
    """For networks whose scores are already sums of probabilities, such as Mask2Former."""

    def pack(self, scores: Tensor) -> Tensor:
        return scores

    def unpack(self, state: Tensor) -> Tensor:
        return state


class Independent(Form):
    """For networks with several classes per pixel: labels are 0 or 1, [classes, H, W]."""

    def pack(self, scores: Tensor) -> Tensor:
        return scores.sigmoid()

    def unpack(self, state: Tensor) -> Tensor:
        return state.clamp(LEAST, 1 - LEAST).logit()

    def labels(self, scores: Tensor, maps: LabelMaps) -> NDArray[np.uint8]:
        planes = [
            upsampled(scores[:, number : number + 1], maps.grid, maps.size)[0, 0] > 0
            for number in range(scores.shape[1])
        ]
        labels: NDArray[np.uint8] = torch.stack(planes).byte().cpu().numpy()
        return labels


class Ready(Form):
    """For networks that give labels without scores: they are warped, never averaged."""

    mixes = False
    resizes = False

    def pack(self, scores: Tensor) -> Tensor:
        return scores.float()

    def unpack(self, state: Tensor) -> Tensor:
        return state

    def labels(self, scores: Tensor, maps: LabelMaps) -> NDArray[Any]:
        if scores.shape[-2:] != maps.grid.extent:
            scores = functional.interpolate(scores.float(), maps.grid.extent, mode="nearest-exact")
        height, width = maps.size
        classes = scores[0, 0, :height, :width]
        narrow = torch.uint8 if int(classes.max()) <= np.iinfo(np.uint8).max else torch.int16
        labels: NDArray[Any] = classes.to(narrow).cpu().numpy()
        return labels


class Features(Form):
    """For a network in two parts: the feature between them is warped, the second part labels it."""

    resizes = False

    def __init__(self, head: Callable[[Tensor], Tensor]) -> None:
        self.head = head

    def pack(self, scores: Tensor) -> Tensor:
        return scores

    def unpack(self, state: Tensor) -> Tensor:
        return self.head(state)

    def own(self, scores: Tensor) -> Tensor:
        return self.head(scores)


def check_scores(output: Output, count: int) -> Output:
    """Returns the scores, or refuses those that cannot be upsampled and compared."""
    scores = output.scores
    shape = list(scores.shape)
    if scores.ndim != 4 or len(scores) != count or 0 in shape:
        raise BdnetError(
            f"the network's output has the shape {shape} for {count} pictures: expected scores "
            "[pictures, classes, rows, columns]; select them with output="
        )
    if scores.is_floating_point() and not bool(torch.isfinite(scores).all()):
        raise BdnetError(
            "the network's scores hold NaN or infinity; check preprocess= (mean and std), the "
            "weights, and whether they also occur with precision=float32"
        )
    return output
