"""Pictures to encode: folders of images, or any video."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from bdnet.codec.container import open_video
from bdnet.codec.errors import CorruptStream, UnsupportedStream
from bdnet.codec.index import read_index
from bdnet.codec.limits import check_image
from bdnet.codec.pixels import Image
from bdnet.codec.upright import AS_CODED, orientation, turn_image


@dataclass(frozen=True)
class Source:
    """A sequence of pictures to encode; `name` is its path relative to the input's root."""

    name: Path
    files: tuple[Path, ...]  # the images in order, or the one video
    is_video: bool

    @property
    def path(self) -> Path:
        return self.files[0] if self.is_video else self.files[0].parent

    def __len__(self) -> int:
        return len(read_index(self.files[0])) if self.is_video else len(self.files)

    def fps(self) -> Fraction | None:
        """A video's average rate; images have none."""
        if not self.is_video:
            return None
        container, stream = open_video(self.files[0])
        with container:
            return stream.average_rate or stream.guessed_rate

    def signature(self) -> str:
        """A digest of the files' names, sizes and times, which changes with the content."""
        stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self.files]
        return hashlib.sha256(repr(stats).encode()).hexdigest()[:16]

    def pictures(self) -> Iterator[Image | VideoFrame]:
        """Every picture in display order, upright."""
        if self.is_video:
            yield from _decode(self.files[0])
        else:
            for path in self.files:
                image = read_rgb(path)
                if image is None:
                    raise UnsupportedStream(
                        f"{path}: not an image that OpenCV can read; replace it"
                    )
                yield image


def read_rgb(path: Path) -> Image | None:
    """An image file as uint8 RGB [H, W, 3]; None where it cannot be read."""
    check_image(path)
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # a damaged header that promises an absurd size
        return None
    if image is None:
        return None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def _decode(path: Path) -> Iterator[Image | VideoFrame]:
    container, stream = open_video(path)
    with container:
        stream.thread_type = "AUTO"
        index, size = -1, None
        try:
            for index, picture in enumerate(container.decode(stream)):
                if picture.is_corrupt:
                    raise CorruptStream(f"{path}: frame {index} is damaged", index)
                size = size or (picture.width, picture.height)
                yield _upright(path, _resized(picture, *size))
        except (av.error.FFmpegError, OSError) as error:
            raise CorruptStream(
                f"{path}: cannot be decoded after frame {index} ({error})", index
            ) from error
        if index < 0:
            raise UnsupportedStream(f"{path}: a video without a frame")


def _resized(picture: VideoFrame, width: int, height: int) -> VideoFrame:
    """A picture at the size of the video's first one."""
    if (picture.width, picture.height) == (width, height):
        return picture
    return picture.reformat(width, height)


def _upright(path: Path, picture: VideoFrame) -> Image | VideoFrame:
    turn = orientation(picture)
    if turn is None:
        raise UnsupportedStream(
            f"{path}: turned by {picture.rotation} degrees; only multiples of 90 can be set upright"
        )
    if turn == AS_CODED:
        return picture
    return turn_image(picture.to_ndarray(format="rgb24").astype(np.uint8, copy=False), turn)
