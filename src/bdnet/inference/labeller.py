"""A network's way through a video, frame by frame: decoded frames in, label maps out."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bdnet.data.normalisation import normalise_images
from bdnet.models.base import State, Step, VideoModel
from bdnet.models.precision import Precision, autocast
from bdnet.motion.upsampling import label_map
from bdnet.types import Frame


class Labeller:
    """Remembers what the network remembers; one for each video.

    It works where the network's parameters are.
    """

    def __init__(self, model: VideoModel, precision: Precision = "float32") -> None:
        self.model, self.precision = model, precision
        self.device = next(model.parameters()).device
        self.state: State = model.start()

    @torch.inference_mode()
    def __call__(self, frame: Frame, is_key: bool, height: int, width: int) -> NDArray[np.uint8]:
        """Classes [height, width] of the next frame, with its image if the network reads it."""
        step = _moved(self.read(frame, is_key), self.device)
        self.state, labels = self.step(self.state, step, height, width)
        return labels[0].cpu().numpy()

    def read(self, frame: Frame, is_key: bool) -> Step:
        """What the network looks at of a frame; the image as uint8 [1, H, W, 3]."""
        image, motion, valid = map(_batch, (frame.image, frame.motion, frame.valid))
        return self.model.read(image, motion, valid, is_key)

    def step(self, state: State, frame: Step, height: int, width: int) -> tuple[State, Tensor]:
        """The network's, of a picture uint8 [1, H, W, 3]; and classes uint8 [1, height, width]."""
        if frame.image is not None:
            # stays as it lies, cell by cell, which convolutions and warps are faster on
            frame = frame._replace(image=normalise_images(frame.image.permute(0, 3, 1, 2)))
        with autocast(self.device, self.precision):
            state, logits = self.model.step(state, frame)
        return state, label_map(logits, height, width)


class Replayed(Labeller):
    """The same on a GPU, without telling it again for every frame what to do.

    A frame between keyframes is a hundred small operations, and to ask for them takes longer than
    to do them. They are recorded once for each kind of frame, and then replayed on the same memory:

        picture, motion, validity --> [ replay ] --> labels
                      state     <-->
    """

    def __init__(self, model: VideoModel, precision: Precision = "float32") -> None:
        super().__init__(model, precision)
        self._recorded: dict[bool, tuple[torch.cuda.CUDAGraph, Step, Tensor]] = {}

    @torch.inference_mode()
    def __call__(self, frame: Frame, is_key: bool, height: int, width: int) -> NDArray[np.uint8]:
        step = self.read(frame, is_key)
        if is_key not in self._recorded:
            self._recorded[is_key] = self._record(_moved(step, self.device), height, width)
        graph, places, labels = self._recorded[is_key]
        for place, value in zip(places[:3], step[:3], strict=True):
            if place is not None and value is not None:
                place.copy_(value)
        graph.replay()
        return labels[0].cpu().numpy()

    def _record(
        self, frame: Step, height: int, width: int
    ) -> tuple[torch.cuda.CUDAGraph, Step, Tensor]:
        """What to replay, where it reads its frame, and where it leaves the labels."""
        with self._unchanged():
            aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):  # libraries choose their ways the first times
                for _ in range(3):
                    self._advance(frame, height, width)
            torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            labels = self._advance(frame, height, width)
        return graph, frame, labels

    def _advance(self, frame: Step, height: int, width: int) -> Tensor:
        """A step that leaves the new state where the old one was."""
        state = self.model.start() if frame.is_key else self.state
        state, labels = self.step(state, frame, height, width)
        if not self.state:
            self.state = tuple(each.clone() for each in state)
        for place, value in zip(self.state, state, strict=True):
            if place is not value:
                place.copy_(value)
        return labels

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Puts the state back that trials have changed."""
        before = [each.clone() for each in self.state]
        yield
        for place, value in zip(
            self.state, before, strict=False
        ):  # a keyframe's comes from nothing
            place.copy_(value)


def labeller(model: VideoModel, precision: Precision = "float32") -> Labeller:
    """The fastest way for this network where it is."""
    is_on_gpu = next(model.parameters()).device.type == "cuda"
    kind = Replayed if is_on_gpu and model.has_two_steps else Labeller
    return kind(model.eval(), precision)


def _batch(array: NDArray[np.generic] | None) -> Tensor | None:
    return None if array is None else torch.from_numpy(array)[None]


def _moved(step: Step, device: torch.device) -> Step:
    image, motion, valid = (None if each is None else each.to(device) for each in step[:3])
    return Step(image, motion, valid, step.is_key)
