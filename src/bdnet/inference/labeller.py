"""A network over a video, frame by frame: decoded frames in, label maps out."""

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
    """Holds the network's state of one video; runs where the network's parameters are."""

    def __init__(self, model: VideoModel, precision: Precision = "float32") -> None:
        self.model, self.precision = model, precision
        self.device = next(model.parameters()).device
        self.state: State = model.start()

    def __call__(self, frame: Frame, is_key: bool, height: int, width: int) -> NDArray[np.uint8]:
        """Classes [height, width] of the next frame, with its image if the network reads it."""
        _, labels = self.predict(frame, is_key, height, width)
        return labels[0].cpu().numpy()

    @torch.inference_mode()
    def predict(self, frame: Frame, is_key: bool, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Logits [1, classes, h, w] and classes uint8 [1, height, width] of the next frame."""
        step = _on(self.device, self.read(frame, is_key))
        self.state, logits, labels = self.step(self.state, step, height, width)
        return logits, labels

    def read(self, frame: Frame, is_key: bool) -> Step:
        """The parts of a frame that the network reads; the image as uint8 [1, H, W, 3]."""
        image, motion, valid = map(_batch, (frame.image, frame.motion, frame.valid))
        return self.model.read(image, motion, valid, is_key)

    def step(
        self, state: State, frame: Step, height: int, width: int
    ) -> tuple[State, Tensor, Tensor]:
        """The network's step on an image uint8 [1, H, W, 3]: new state, logits and classes."""
        if frame.image is not None:
            # channels last in memory, which convolutions and warps are faster on
            frame = frame._replace(image=normalise_images(frame.image.permute(0, 3, 1, 2)))
        with autocast(self.device, self.precision):
            state, logits = self.model.step(state, frame)
        return state, logits, label_map(logits, height, width)


class CudaGraphLabeller(Labeller):
    """The same on a GPU, by CUDA graphs.

    A frame between keyframes is a hundred small operations, and launching them takes longer than
    running them. They are recorded once for keyframes and once for other frames, and then replayed
    on the same memory:

        image, motion, validity --> [ replay ] --> labels
                    state      <-->
    """

    def __init__(self, model: VideoModel, precision: Precision = "float32") -> None:
        super().__init__(model, precision)
        self._recorded: dict[bool, tuple[torch.cuda.CUDAGraph, Step, Tensor]] = {}

    @torch.inference_mode()
    def __call__(self, frame: Frame, is_key: bool, height: int, width: int) -> NDArray[np.uint8]:
        step = self.read(frame, is_key)
        if is_key not in self._recorded:
            self._recorded[is_key] = self._record(_on(self.device, step), height, width)
        graph, inputs, labels = self._recorded[is_key]
        for buffer, value in zip(inputs[:3], step[:3], strict=True):
            if buffer is not None and value is not None:
                buffer.copy_(value)
        graph.replay()
        return labels[0].cpu().numpy()

    def _record(
        self, frame: Step, height: int, width: int
    ) -> tuple[torch.cuda.CUDAGraph, Step, Tensor]:
        """The graph, the tensors that it reads its frame from, and the labels that it writes."""
        with self._state_restored():
            warm_up = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            warm_up.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(warm_up):  # libraries choose their algorithms at first
                for _ in range(3):
                    self._advance(frame, height, width)
            torch.cuda.current_stream().wait_stream(warm_up)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            labels = self._advance(frame, height, width)
        return graph, frame, labels

    def _advance(self, frame: Step, height: int, width: int) -> Tensor:
        """A step that writes the new state into the memory of the old one."""
        state = self.model.start() if frame.is_key else self.state
        state, _, labels = self.step(state, frame, height, width)
        if not self.state:
            self.state = tuple(value.clone() for value in state)
        for buffer, value in zip(self.state, state, strict=True):
            if buffer is not value:
                buffer.copy_(value)
        return labels

    @contextmanager
    def _state_restored(self) -> Iterator[None]:
        before = [value.clone() for value in self.state]
        yield
        # before the first keyframe there was no state
        for buffer, value in zip(self.state, before, strict=False):
            buffer.copy_(value)


def labeller(model: VideoModel, precision: Precision = "float32") -> Labeller:
    """The faster of the two for this network and its device."""
    is_on_gpu = next(model.parameters()).device.type == "cuda"
    kind = CudaGraphLabeller if is_on_gpu and model.has_two_steps else Labeller
    return kind(model.eval(), precision)


def _batch(array: NDArray[np.generic] | None) -> Tensor | None:
    return None if array is None else torch.from_numpy(array)[None]


def _on(device: torch.device, step: Step) -> Step:
    image, motion, valid = (None if part is None else part.to(device) for part in step[:3])
    return Step(image, motion, valid, step.is_key)
