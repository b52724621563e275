"""The scores of a video: warped from frame to frame, and averaged with new ones at keyframes.

    keyframe  S = w * moved(S) + (1 - w) * scores of the network     w = memory * exp(-change / 8)
    between   S = moved(S)

The idea of flow-warped predictions weighted by similarity is Miksik et al.'s (ICRA 2013).
"""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bdnet.inference.accelerate.grid import Grid, at_grid, finer
from bdnet.inference.accelerate.scores import Form, Output
from bdnet.inference.accelerate.warping import moved
from bdnet.motion.accumulation import accumulate
from bdnet.motion.holes import MOST_HOLES, fill
from bdnet.motion.kernel import Kernel
from bdnet.motion.memory import change, is_cut, refined, weight
from bdnet.types import CELL, cells


class Vectors:
    """A frame's motion as a tensor, holes filled; field is None if there is no usable motion."""

    def __init__(
        self,
        motion: NDArray[np.float32] | None,
        valid: NDArray[np.bool_] | None,
        device: torch.device,
    ) -> None:
        self.field: Tensor | None = None
        if motion is None or not has_motion(motion, valid):
            return
        field = torch.from_numpy(np.ascontiguousarray(motion)).to(device, torch.float32)
        if valid is not None and not valid.all():
            field = fill(field, torch.from_numpy(np.ascontiguousarray(valid)).to(device))
        self.field = field[None]


def has_motion(motion: NDArray[np.float32] | None, valid: NDArray[np.bool_] | None) -> bool:
    """Whether enough of a frame's cells have a vector."""
    if motion is None:
        return False
    return valid is None or float(valid.mean()) >= 1 - MOST_HOLES


def small_grey(image: NDArray[np.uint8], device: torch.device) -> Tensor:
    """RGB [H, W, 3] -> grey levels at half the size, [1, 1, 4 rows, 4 columns] for whole cells."""
    height, width = image.shape[:2]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    below, right = cells(height) * CELL - height, cells(width) * CELL - width
    if below or right:
        grey = cv2.copyMakeBorder(grey, 0, below, 0, right, cv2.BORDER_REPLICATE)
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(half).to(device, torch.float32)[None, None]


class Kept(NamedTuple):
    """The scores warped to a keyframe, and how much its picture changed in each 8x8 cell."""

    state: Tensor
    changed: Tensor


class Propagation:
    """One video's state; frames come in order.

    memory: weight of the earlier scores at a keyframe where nothing changed; 0 drops them
    kernel: interpolation between cells, linear or cubic
    stride: pixels per cell of the maps that are warped, at most
    """

    def __init__(
        self, form: Form, memory: float, kernel: Kernel = "linear", stride: float = 8
    ) -> None:
        self.form, self.memory, self.kernel, self.stride = form, memory, kernel, stride
        self.state: Tensor | None = None
        self._key: Tensor | None = None  # the state at the last keyframe
        self._picture: Tensor | None = None  # and its picture
        self._back: Tensor | None = None  # the field back to it
        self._last: Tensor | None = None  # the last frame's field
        self.grid: Grid | None = None

    def keyframe(self, output: Output, image: NDArray[np.uint8], vectors: Vectors) -> Tensor:
        """The network's output for a frame -> the scores for its labels."""
        scores, grid = output.scores, output.grid()
        if self.form.resizes:
            scores, grid = finer(scores, grid, self.stride)
        fresh = self.form.pack(scores)
        picture = None
        if self.memory > 0 and self.form.mixes:
            picture = small_grey(image, fresh.device)
        kept = self._kept(picture, vectors) if grid == self.grid else None
        if kept is not None:
            share = weight(at_grid(kept.changed, grid), self.memory)
            fresh = torch.lerp(fresh, kept.state, share)
        self.grid, self.state, self._key, self._picture = grid, fresh, fresh, picture
        self._back, self._last = None, vectors.field
        # exactly the network's own scores if nothing is kept
        return self.form.own(output.scores) if kept is None else self.form.unpack(fresh)

    def between(self, vectors: Vectors) -> Tensor:
        """The scores of a frame that the network does not read."""
        assert self.state is not None
        assert self._key is not None
        assert self.grid is not None
        field = vectors.field
        if field is not None:  # without one nothing is moved
            if self._picture is not None or not self.form.mixes:
                self._back = self._extended(field)
            self._last = field
            if self.form.mixes:
                self.state = moved(self.state, field, self.grid, self.kernel)
            else:  # rounded to whole cells once, not at every frame
                assert self._back is not None
                self.state = moved(self._key, self._back, self.grid, "nearest")
        return self.form.unpack(self.state)

    def _kept(self, picture: Tensor | None, vectors: Vectors) -> Kept | None:
        """Earlier scores at a keyframe; None at the first one, at a cut, and without memory."""
        before = self._picture
        if picture is None or before is None or self.state is None or self._key is None:
            return None
        assert self.grid is not None
        if vectors.field is not None:
            back = self._extended(vectors.field)
            state = moved(self.state, vectors.field, self.grid, self.kernel)
        else:  # an intra frame: the last motion goes on, corrected by matching the pictures
            still = picture.new_zeros(1, 2, picture.shape[2] // 4, picture.shape[3] // 4)
            guess = self._back if self._last is None else self._extended(self._last)
            back = refined(still if guess is None else guess, picture, before)
            state = moved(self._key, back, self.grid, self.kernel)
        changed = change(picture, before, back)
        return None if is_cut(changed, picture, before) else Kept(state, changed)

    def _extended(self, field: Tensor) -> Tensor:
        """The way back to the last keyframe, one frame later."""
        if self._back is None:
            return field
        steps = torch.stack([self._back, field], 1)
        whole = torch.ones_like(steps[:, :, 0], dtype=torch.bool)
        return accumulate(steps, whole)[0]
