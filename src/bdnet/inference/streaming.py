"""A video, segmented frame by frame while it is being decoded.

for frame, labels, *_ in streaming.segment("drive.mp4", model, keyframes=5):
    ...
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from typing import Any, Literal, Self

import numpy as np

from bdnet.codec import VideoReader
from bdnet.codec.pictures import Video
from bdnet.codec.pixels import Pixels
from bdnet.codec.search import Motion, Search
from bdnet.inference.labeller import labeller
from bdnet.keyframes.base import Keyframes
from bdnet.keyframes.fixed import Fixed
from bdnet.keyframes.gop import Gop
from bdnet.models.base import VideoModel
from bdnet.models.precision import Precision
from bdnet.system.ahead import ahead
from bdnet.types import IGNORE, Frame, Seconds, Segmentation, Size

AHEAD = 4  # frames that are decoded while the network works on another one

FrameImages = Literal["read", "all"]


class Segmentations(Iterator[Segmentation], ABC):
    """Those of a video, as `_segment` yields them from its reader; iterate once, or close it."""

    def __init__(self, reader: VideoReader) -> None:
        self.reader = reader
        self._segmentations = self._segment()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Segmentation:
        try:
            return next(self._segmentations)
        except BaseException:  # the end too
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the decoder's thread and closes the file."""
        self._segmentations.close()
        self.reader.close()

    @abstractmethod
    def _segment(self) -> Generator[Segmentation, None, None]:
        """Every frame with its labels."""


class Stream(Segmentations):
    """The segmentations of a video; iterate once, and close it.

    keyframes: the network's: one every so many frames and wherever the stream starts afresh; None:
               only there; or any other rule
    images:    which of the frames have images: those that the network reads, or all
    strict:    refuse damage, and with motion=stream a stream that is not clean, instead of reading
               them as well as possible (see VideoReader)
    threads:   of the decoder, 0 for one per core
    precision: of the network's products: bfloat16 is faster where the hardware has it
    motion:    the stream's own vectors (stream), an encoder's search in the pictures (search), for
               any codec, or the vectors if they chain and else the search (auto)
    search:    default, or fast at half the size
    track:     number of a file's video track, from 0; None: the default one

    The network runs where its parameters are, and is put into evaluation mode.
    """

    def __init__(
        self,
        video: Video,
        model: VideoModel,
        keyframes: Keyframes | int | None = 5,
        images: FrameImages = "read",
        strict: bool = False,
        threads: int = 0,
        precision: Precision = "float32",
        motion: Motion = "auto",
        search: Search | str = "default",
        track: int | None = None,
    ) -> None:
        self._new_labeller = partial(labeller, model, precision)
        rule = _rule(keyframes)
        pixels: Pixels = "all"
        self._is_key = rule.begin()
        if images == "read" and model.pixels == "key":
            # the decoder, ahead of the network, asks the rule: its keyframes have images
            pixels = self._is_key if rule.chooses_any_frame else "intra"
            self._is_key = has_image
        reader = VideoReader(
            video, pixels, strict, threads, upright=True, motion=motion, search=search, track=track
        )
        super().__init__(reader)

    def _segment(self) -> Generator[Segmentation, None, None]:
        key: int | None = None
        size: Size | None = None
        label = self._new_labeller()
        with closing(iter(self.reader)) as frames, closing(read_ahead(frames)) as decoded:
            for frame, seconds in decoded:
                start = time.perf_counter()
                if frame.image is not None and frame.image.shape[:2] != size:
                    height, width, _ = frame.image.shape
                    size, key, label = (height, width), None, self._new_labeller()
                if frame.image is not None and self._is_key(frame):
                    key = frame.index
                if key is None or size is None:
                    whole = size or (self.reader.height, self.reader.width)
                    labels = np.full(whole, IGNORE, np.uint8)
                else:
                    labels = label(frame, key == frame.index, *size)
                times = Seconds(seconds, time.perf_counter() - start)
                offset = 0 if key is None else frame.index - key
                yield Segmentation(frame, labels, key == frame.index, offset, times)


def segment(*args: Any, **kwargs: Any) -> Iterator[Segmentation]:
    """Every frame of a video with its labels; the arguments are those of `Stream`."""
    with Stream(*args, **kwargs) as stream:
        yield from stream


def _rule(keyframes: Keyframes | int | None) -> Keyframes:
    if isinstance(keyframes, Keyframes):
        return keyframes
    return Gop() if keyframes is None else Fixed(keyframes)


def has_image(frame: Frame) -> bool:
    return frame.image is not None


def read_ahead(
    frames: Iterator[Frame], count: int = AHEAD
) -> Generator[tuple[Frame, float], None, None]:
    """Frames decoded in a thread of their own, and the seconds that each of them took."""

    def timed() -> Generator[tuple[Frame, float], None, None]:
        start = time.perf_counter()
        for frame in frames:
            yield frame, time.perf_counter() - start
            start = time.perf_counter()

    return ahead(timed(), count)
