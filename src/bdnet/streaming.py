"""A video, segmented frame by frame while it is being decoded.

for frame, labels, *_ in streaming.segment("drive.mp4", model, interval=5):
    ...
"""

import time
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bdnet.clip import IGNORE, Frame
from bdnet.codec import VideoReader
from bdnet.codec.pixels import Pixels
from bdnet.data.normalisation import normalise_images
from bdnet.errors import BdnetError
from bdnet.models.base import State, Step, VideoModel
from bdnet.models.upsampling import label_map

AHEAD = 4  # frames that are decoded while the network works on another one

Images = Literal["read", "all"]


class Times(NamedTuple):
    """Seconds of work on one frame; decoding runs beside the network."""

    decode: float
    network: float


class Segmented(NamedTuple):
    """A frame and what the network says of it.

    labels: uint8 [H, W] classes; 255 before the first keyframe of a damaged stream
    is_key: the frame is a keyframe to the network, whose pixels it has read
    offset: frames since then
    """

    frame: Frame
    labels: NDArray[np.uint8]
    is_key: bool
    offset: int
    times: Times


class Keyframes:
    """Which frames the network reads whole, asked frame by frame.

    Those without motion, and those `interval` frames after the last one; None: the former only.
    """

    def __init__(self, interval: int | None) -> None:
        if interval is not None and interval < 1:
            raise BdnetError(f"interval={interval}: a keyframe every 1 frame or more")
        self.interval = interval
        self._last: int | None = None

    def __call__(self, frame: Frame) -> bool:
        is_due = self._last is None or (
            self.interval is not None and frame.index - self._last >= self.interval
        )
        if not is_due and frame.motion is not None:
            return False
        self._last = frame.index
        return True


class Stream:
    """A video on its way through a network; iterate over it once, and close it.

    interval: frames from one of the network's keyframes to the next; it also starts afresh where
              the stream does. None: only there
    images:   of the frames that come out: those that the network reads, or all
    strict:   refuse what is no clean stream instead of doing the best with it (see VideoReader)
    threads:  of the decoder, 0 for one per core

    The network works where its parameters are, and is put into evaluation.
    """

    def __init__(
        self,
        video: str | Path,
        model: VideoModel,
        interval: int | None = 5,
        images: Images = "read",
        strict: bool = False,
        threads: int = 0,
    ) -> None:
        self.model, self._is_key = model.eval(), Keyframes(interval)
        self._device = next(model.parameters()).device
        pixels: Pixels = "all"
        if images == "read" and model.pixels == "key":
            # the decoder asks ahead of the network
            pixels = "intra" if interval is None else Keyframes(interval)
        self.reader = VideoReader(video, pixels, strict, threads, upright=True)
        self._segmented = self._segment()

    def __iter__(self) -> Iterator[Segmented]:
        return self._segmented

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the decoder's thread and closes the file."""
        self._segmented.close()
        self.reader.close()

    def _segment(self) -> Generator[Segmented, None, None]:
        state, key = self.model.start(), None
        with closing(iter(self.reader)) as frames, closing(read_ahead(frames)) as decoded:
            for frame, seconds in decoded:
                start = time.perf_counter()
                if frame.image is not None and self._is_key(frame):
                    key = frame.index
                if key is None:
                    shape = self.reader.height, self.reader.width
                    labels = np.full(shape, IGNORE, np.uint8)
                else:
                    state, labels = self._label(state, frame, key == frame.index)
                times = Times(seconds, time.perf_counter() - start)
                offset = 0 if key is None else frame.index - key
                yield Segmented(frame, labels, key == frame.index, offset, times)

    @torch.inference_mode()
    def _label(self, state: State, frame: Frame, is_key: bool) -> tuple[State, NDArray[np.uint8]]:
        image = motion = valid = None
        if frame.image is not None and (is_key or self.model.pixels == "all"):
            # stays as it lies, cell by cell, which convolutions and warps are faster on
            image = normalise_images(self._batch(frame.image).permute(0, 3, 1, 2))
        if not is_key and frame.motion is not None and frame.valid is not None:
            motion, valid = self._batch(frame.motion), self._batch(frame.valid)
        state, logits = self.model.step(state, Step(image, motion, valid, is_key))
        labels = label_map(logits, self.reader.height, self.reader.width)
        return state, labels[0].byte().cpu().numpy()

    def _batch(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(array)[None].to(self._device)


def segment(
    video: str | Path,
    model: VideoModel,
    interval: int | None = 5,
    images: Images = "read",
    strict: bool = False,
    threads: int = 0,
) -> Iterator[Segmented]:
    """Every frame of a video with its labels; the arguments are those of `Stream`."""
    with Stream(video, model, interval, images, strict, threads) as stream:
        yield from stream


def read_ahead(
    frames: Iterator[Frame], ahead: int = AHEAD
) -> Generator[tuple[Frame, float], None, None]:
    """Frames decoded in a thread of their own, and the seconds that each of them took."""

    def read() -> tuple[Frame | None, float]:
        start = time.perf_counter()
        frame = next(frames, None)
        return frame, time.perf_counter() - start

    with ThreadPoolExecutor(1, thread_name_prefix="bdnet-decode") as thread:
        pending = deque(thread.submit(read) for _ in range(ahead))
        try:
            while True:
                frame, seconds = pending.popleft().result()
                if frame is None:
                    return
                pending.append(thread.submit(read))
                yield frame, seconds
        finally:
            for each in pending:
                each.cancel()
