"""Sources of pictures that FFmpeg does not open: arrays, folders of images, WebP, cameras."""

import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
from av.video.frame import PictureType, VideoFrame

from bdnet.codec.container import reason
from bdnet.codec.decoded import Decoded, Facts, Skip
from bdnet.codec.errors import UnsupportedStream
from bdnet.codec.finding import images_in
from bdnet.codec.pixels import Image
from bdnet.codec.sources import read_rgb

Answer = TypeVar("Answer")
Video = str | Path | Iterable[Image | tuple[Image, float]]

CLOCK = 1e-6  # seconds
LATEST = 1e12  # seconds


class Picture(NamedTuple):
    """RGB, None for one that cannot be read, and its time in seconds, None if nobody knows."""

    image: Any
    seconds: float | None = None


class PictureDecoder:
    """Pictures as a `Decoder` gives them; they have no vectors of their own."""

    vectors, skip = False, Skip.NOTHING

    def __init__(
        self,
        name: str,
        pictures: Callable[[], Iterator[Picture]],
        fps: float = 0.0,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.name, self._pictures, self.close = name, pictures, close
        self.facts = Facts((0, 0), fps, CLOCK)
        self.damage: str | None = None
        self.packets = 0

    def decode(self) -> Generator[Decoded | None, None, None]:
        """Pictures in order, None for each one that cannot be read."""
        self.damage, self.packets = None, 0
        try:
            for image, seconds in self._pictures():
                arrived = time.perf_counter()
                self.packets += 1
                if image is None:
                    yield None
                    continue
                frame = self._frame(image)
                if seconds is not None:
                    frame.pts = self._stamp(seconds)
                yield Decoded(frame, self.packets - 1, True, False, arrived=arrived)
        except OSError as error:
            self.damage = reason(error)

    def truncation(self, count: int) -> str | None:
        return None if self.damage is None else f"ends early, after {count} frames ({self.damage})"

    def _frame(self, image: Any) -> VideoFrame:
        try:
            array = np.asarray(image)
        except ValueError:  # of nested lists
            raise self._refusal("is no array") from None
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
            raise self._refusal(f"is {array.dtype} {list(array.shape)}")
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24")
        frame.pict_type = PictureType.I
        frame.key_frame = True  # type: ignore[misc]  # its stub
        return frame

    def _stamp(self, seconds: Any) -> int:
        is_number = isinstance(seconds, int | float | np.number)
        if not (is_number and abs(float(seconds)) < LATEST):
            raise self._refusal(f"has the seconds {seconds!r}")
        return round(float(seconds) / CLOCK)

    def _refusal(self, what: str) -> UnsupportedStream:
        return UnsupportedStream(
            f"{self.name}: picture {self.packets - 1} {what}; give uint8 RGB [height, width, 3], "
            "or pairs of that and its seconds"
        )


def picture_decoder(video: Video, timeout: float) -> PictureDecoder | None:
    """The decoder of arrays, a folder, a WebP file or a camera; None of what FFmpeg opens.

    timeout: seconds to wait for a camera's picture
    """
    if not isinstance(video, str | Path):
        return PictureDecoder("pictures", lambda: map(_picture, video))
    path = Path(video)
    if re.fullmatch(r"camera:\d+|/dev/video\d+", str(video)):
        return _camera(str(video), timeout)
    if path.suffix.lower() == ".webp" and path.is_file():
        return PictureDecoder(str(video), lambda: _animation(path))
    if path.is_dir() and (files := images_in(path)):
        return PictureDecoder(str(video), lambda: (Picture(read_rgb(file)) for file in files))
    return None


def name_of(video: Video) -> str:
    """For errors and files: the path, or what arrays are called."""
    return str(video) if isinstance(video, str | Path) else "pictures"


def _picture(item: Any) -> Picture:
    return Picture(*item) if isinstance(item, tuple) and len(item) == 2 else Picture(item)


def _animation(path: Path) -> Iterator[Picture]:
    is_read, animation = cv2.imreadanimation(str(path))
    if not is_read:
        raise UnsupportedStream(f"{path}: not a WebP file that OpenCV can read; replace it")
    milliseconds = 0
    for image, duration in zip(animation.frames, animation.durations, strict=True):
        code = cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
        yield Picture(cv2.cvtColor(image, code), milliseconds / 1000)
        milliseconds += duration


def _camera(name: str, timeout: float) -> PictureDecoder:
    place: Any = int(name.removeprefix("camera:")) if name.startswith("camera:") else name
    try:
        capture: Any = _within(timeout, lambda: cv2.VideoCapture(place))
    except TimeoutError as error:
        raise UnsupportedStream(f"{name}: {error}; look whether it is plugged in") from error
    if not capture.isOpened():
        raise UnsupportedStream(
            f"{name}: no camera that can be opened; look which there are (ls /dev/video*), and "
            "whether another program uses it"
        )
    fps = capture.get(cv2.CAP_PROP_FPS)
    return PictureDecoder(name, lambda: _captured(capture, timeout), max(0.0, fps), capture.release)


def _captured(capture: Any, timeout: float) -> Iterator[Picture]:
    begin = time.perf_counter()
    while True:
        is_read, image = _within(timeout, capture.read)
        if not is_read:
            raise OSError("the camera gives no more pictures")
        yield Picture(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), time.perf_counter() - begin)


def _within(seconds: float, work: Callable[[], Answer]) -> Answer:
    """The answer of work in a thread that keeps no program from ending, or a TimeoutError."""
    answers: Future[Answer] = Future()

    def answer() -> None:
        try:
            answers.set_result(work())
        except Exception as error:
            answers.set_exception(error)

    Thread(target=answer, name="bdnet-camera", daemon=True).start()
    try:
        return answers.result(seconds)
    except TimeoutError as error:
        raise TimeoutError(f"nothing came for {seconds:g} seconds") from error
