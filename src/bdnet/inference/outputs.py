"""The files of a segmented video: a film with overlay, and label images."""

import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bdnet.codec import Encoding, VideoWriter
from bdnet.codec.pixels import Image
from bdnet.codec.writer import HIGHEST_FPS
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.reports.pictures.file import save
from bdnet.reports.pictures.overlay import overlay
from bdnet.system.files import partial_path, remove, remove_abandoned, replace_folder
from bdnet.types import Segmentation

ENCODING = Encoding(crf=20, preset="veryfast", interval=25)  # for viewing


class Output(ABC):
    """A file or folder that appears under its name when it is complete.

    After an interrupt the part that was written stays under another name, `interrupted`; after an
    error nothing does.
    """

    def __init__(self, stem: Path, ending: str) -> None:
        self.path = stem.with_name(stem.name + ending)
        self.interrupted = stem.with_name(f"{stem.name}.interrupted{ending}")
        self.frames = 0
        self.result: Path | None = None  # the path of what was kept

    @abstractmethod
    def write(self, segmentation: Segmentation) -> None:
        """Appends a frame."""

    @abstractmethod
    def finish(self, path: Path) -> None:
        """Completes the output under this name."""

    @abstractmethod
    def discard(self) -> None:
        """Removes unfinished parts."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with uninterrupted():
            try:
                if kind is None:
                    self._keep(self.path)
                    remove(self.interrupted)  # of an earlier attempt
                elif self.frames and issubclass(kind, KeyboardInterrupt):
                    self._keep(self.interrupted)
            finally:
                self.discard()

    def _keep(self, path: Path) -> None:
        self.finish(path)
        self.result = path


class OverlayFilm(Output):
    """NAME.overlay.mp4: every frame under its labels; for a lost frame the one before it again."""

    def __init__(self, stem: Path, fps: float, classes: Classes, has_legend: bool = True) -> None:
        super().__init__(stem, ".overlay.mp4")
        self.classes, self.has_legend = classes, has_legend
        self._writer = VideoWriter(self.path, viewing_rate(fps), ENCODING)
        self._last: Image | None = None

    def write(self, segmentation: Segmentation) -> None:
        frame, labels, is_key, offset, _ = segmentation
        if frame.image is None:
            raise ValueError(f"frame {frame.index} has no image: read the video with images='all'")
        picture = overlay(frame.image, labels, self.classes, is_key, offset, self.has_legend)
        if self._last is not None and picture.shape != self._last.shape:
            raise BdnetError(
                f"{self.path}: the pictures change their size at frame {frame.index}, and a film "
                "has one size: use labels=true overlay=false"
            )
        while self._last is not None and self.frames < frame.index:
            self._append(self._last)
        self._append(picture)
        self._last = picture

    def _append(self, picture: Image) -> None:
        self._writer.write(picture)
        self.frames += 1

    def finish(self, path: Path) -> None:
        self._writer.path = path
        self._writer.close()

    def discard(self) -> None:
        self._writer.discard()


class LabelImages(Output):
    """NAME.labels/000000.png and so on: class numbers by frame, 255 where there is none.

    values: [256], the stored value of each class number; None: the number itself
    """

    def __init__(self, stem: Path, values: NDArray[np.uint8] | None = None) -> None:
        super().__init__(stem, ".labels")
        self.values = values
        self._partial = partial_path(self.path)
        remove_abandoned(self.path)

    def write(self, segmentation: Segmentation) -> None:
        labels = segmentation.labels
        labels = labels if self.values is None else self.values[labels]
        save(labels, self._partial / f"{segmentation.index:06d}.png")
        self.frames += 1

    def finish(self, path: Path) -> None:
        replace_folder(self._partial, path)

    def discard(self) -> None:
        remove(self._partial)


def viewing_rate(fps: float) -> Fraction:
    """Of a film; a stream without a frame rate reports 0, or its clock's rate."""
    return Fraction(fps) if 0 < fps <= HIGHEST_FPS else Fraction(25)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Defers interrupts to the end of the block: half a frame in a file is a broken file."""
    if threading.current_thread() is not threading.main_thread():
        yield  # interrupts reach the main thread only
        return
    received: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: received.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        signal.raise_signal(received[0])
