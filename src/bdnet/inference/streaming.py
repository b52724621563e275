"""A video, segmented frame by frame while it is being decoded.

for frame, labels, *_ in streaming.segment("drive.mp4", model, keyframes=5):
    ...
"""

import time
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Literal, Self

import numpy as np

from bdnet.codec import VideoReader
from bdnet.codec.pixels import Pixels
from bdnet.inference.labeller import labeller
from bdnet.keyframes.base import Keyframes
from bdnet.keyframes.fixed import Fixed
from bdnet.keyframes.gop import Gop
from bdnet.models.base import VideoModel
from bdnet.models.precision import Precision
from bdnet.types import IGNORE, Frame, Seconds, Segmentation

AHEAD = 4  # frames that are decoded while the network works on another one

FrameImages = Literal["read", "all"]


class Stream:
    """A video on its way through a network; iterate over it once, and close it.

    keyframes: the network's: one every so many frames and wherever the stream starts afresh; None:
               only there; or any other rule
    images:    of the frames that come out: those that the network reads, or all
    strict:    refuse what is no clean stream instead of doing the best with it (see VideoReader)
    threads:   of the decoder, 0 for one per core
    precision: of the network's products: bfloat16 is faster where the hardware knows it

    The network works where its parameters are, and is put into evaluation.
    """

    def __init__(
        self,
        video: str | Path,
        model: VideoModel,
        keyframes: Keyframes | int | None = 5,
        images: FrameImages = "read",
        strict: bool = False,
        threads: int = 0,
        precision: Precision = "float32",
    ) -> None:
        self._label, rule = labeller(model, precision), rule_of(keyframes)
        pixels: Pixels = "all"
        self._is_key = rule.begin()
        if images == "read" and model.pixels == "key":
            # the decoder asks, ahead of the network, and so says by the image
            pixels = self._is_key if rule.chooses else "intra"
            self._is_key = has_image
        self.reader = VideoReader(video, pixels, strict, threads, upright=True)
        self._segmented = self._segment()

    def __iter__(self) -> Iterator[Segmentation]:
        return self._segmented

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the decoder's thread and closes the file."""
        self._segmented.close()
        self.reader.close()

    def _segment(self) -> Generator[Segmentation, None, None]:
        key: int | None = None
        with closing(iter(self.reader)) as frames, closing(read_ahead(frames)) as decoded:
            for frame, seconds in decoded:
                start = time.perf_counter()
                size = self.reader.height, self.reader.width
                if frame.image is not None and self._is_key(frame):
                    key = frame.index
                if key is None:
                    labels = np.full(size, IGNORE, np.uint8)
                else:
                    labels = self._label(frame, key == frame.index, *size)
                took = Seconds(seconds, time.perf_counter() - start)
                offset = 0 if key is None else frame.index - key
                yield Segmentation(frame, labels, key == frame.index, offset, took)


def segment(
    video: str | Path,
    model: VideoModel,
    keyframes: Keyframes | int | None = 5,
    images: FrameImages = "read",
    strict: bool = False,
    threads: int = 0,
    precision: Precision = "float32",
) -> Iterator[Segmentation]:
    """Every frame of a video with its labels; the arguments are those of `Stream`."""
    with Stream(video, model, keyframes, images, strict, threads, precision) as stream:
        yield from stream


def rule_of(keyframes: Keyframes | int | None) -> Keyframes:
    """A number of frames, or None for the codec's own keyframes, as a rule."""
    if isinstance(keyframes, Keyframes):
        return keyframes
    return Gop() if keyframes is None else Fixed(keyframes)


def has_image(frame: Frame) -> bool:
    return frame.image is not None


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
