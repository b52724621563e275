"""Runs an accelerated network over a video, frame by frame."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bdnet.data.classes import UNKNOWN, Classes, default_colours
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.base import Adapter
from bdnet.inference.accelerate.grid import Grid
from bdnet.inference.accelerate.labels import LabelMaps
from bdnet.inference.accelerate.propagation import Propagation, Vectors, has_motion
from bdnet.inference.accelerate.scores import Independent, Output, Ready
from bdnet.inference.accelerate.settings import Settings
from bdnet.keyframes.base import Keyframes
from bdnet.types import IGNORE, Frame, Seconds, Segmentation, Size


class Stream:
    """One video, frame by frame, for a loop of your own.

    calls: number of frames that the network has read so far
    """

    def __init__(self, network: Adapter, keyframes: Keyframes, settings: Settings) -> None:
        self.network, self.settings, self.calls = network, settings, 0
        self._is_key = restarting(keyframes)
        self._propagation: Propagation | None = None
        self._output: Output | None = None
        self._maps: dict[Grid, LabelMaps] = {}
        self.size: Size | None = None  # of the video, where it is known before the first picture
        self._key = self._count = 0
        self._classes: int | None = None

    def step(
        self,
        image: NDArray[np.uint8] | None,
        motion: NDArray[np.float32] | None = None,
        valid: NDArray[np.bool_] | None = None,
    ) -> Segmentation:
        """The next frame, labelled.

        image:  uint8 RGB [H, W, 3]; can be None between keyframes
        motion: float32 [2, ceil(H/8), ceil(W/8)], as in Frame; None where there are no vectors,
                which makes a keyframe
        valid:  bool of the same grid; None: every cell has a vector
        """
        if motion is not None and valid is None:
            valid = np.ones(motion.shape[1:], np.bool_)
        return self.take(Frame(self._count, 0.0, motion is None, image, motion, valid))

    def take(self, frame: Frame) -> Segmentation:
        """The same for a `Frame` of `VideoReader`."""
        begin = time.perf_counter()
        output = self.ask([frame])[0] if self._is_key(frame) else None
        return self.label(frame, output, Seconds(0.0, time.perf_counter() - begin))

    def classes(self, known: Classes | None = None) -> Classes:
        """The network's classes, after its first frame; numbered if its library has no names."""
        count = self._classes or 0
        if isinstance(self.network.form, Ready):
            count = 0 if known is None else len(known)
        if known is not None and len(known) == count:
            return known
        if isinstance(self.network.form, Ready | Independent) or not 1 < count < UNKNOWN:
            raise BdnetError(
                f"{count} classes, {type(self.network.form).__name__.lower()}: colours and "
                f"comparisons are for networks with scores of 2 to {UNKNOWN - 1} classes, of which "
                "one is the best in each pixel"
            )
        names = tuple(f"class {number}" for number in range(count))
        return Classes(names, tuple(default_colours(count)))

    def ask(self, frames: list[Frame]) -> list[Output]:
        """The network's output for keyframes."""
        images = []
        for frame in frames:
            if frame.image is None:
                raise BdnetError(f"frame {frame.index} is a keyframe and has no image: give it one")
            images.append(frame.image)
        self.calls += len(images)
        output = self.network(images)
        return [output._replace(scores=scores[None]) for scores in output.scores]

    @torch.no_grad()
    def label(
        self, frame: Frame, output: Output | None, seconds: Seconds | None = None
    ) -> Segmentation:
        """A frame with its labels; output: the network's, if it is a keyframe."""
        begin = time.perf_counter()
        self._count = frame.index + 1
        vectors = Vectors(frame.motion, frame.valid, self.network.device)
        if output is not None:
            self._key = frame.index
            labels = self._of_keyframe(frame, output, vectors)
        else:
            labels = self._of_other(frame, vectors)
        spent = seconds or Seconds(0.0, 0.0)
        spent = spent._replace(network=spent.network + time.perf_counter() - begin)
        return Segmentation(frame, labels, output is not None, frame.index - self._key, spent)

    def _of_keyframe(self, frame: Frame, output: Output, vectors: Vectors) -> NDArray[Any]:
        assert frame.image is not None
        form = self.network.form
        if self._propagation is None:
            self._propagation = Propagation(form, *self.settings)
        classes = output.scores.shape[1]
        if self._classes not in (None, classes) and not isinstance(form, Ready):
            raise BdnetError(
                f"the network gave {classes} classes on frame {frame.index} and {self._classes} "
                "before: use a network with a fixed number of classes"
            )
        self._classes = classes
        size = frame.image.shape[0], frame.image.shape[1]
        if size != self.size:
            self.size, self._maps = size, {}
        self._output = output
        return self._labels(self._propagation.keyframe(output, frame.image, vectors))

    def _of_other(self, frame: Frame, vectors: Vectors) -> NDArray[Any]:
        if self._propagation is None:  # before the first keyframe
            if self.size is None:
                raise BdnetError(f"frame {frame.index} is the first one and no keyframe")
            return np.full(self.size, IGNORE, np.uint8)
        return self._labels(self._propagation.between(vectors))

    def _labels(self, scores: torch.Tensor) -> NDArray[Any]:
        assert self._output is not None
        assert self.size is not None
        grid = self._output.grid(scores)
        if grid not in self._maps:  # the network's own grid, and the grid of warped scores
            self._maps[grid] = LabelMaps(grid, self.size)
        return self.network.form.labels(scores, self._maps[grid])


def restarting(keyframes: Keyframes) -> Callable[[Frame], bool]:
    """The rule for a new video, with a keyframe also where few vectors are valid, as at a cut."""
    is_due = keyframes.begin()

    def is_key(frame: Frame) -> bool:
        is_one = is_due(frame)  # asked about every frame
        return is_one or not has_motion(frame.motion, frame.valid)

    return is_key
