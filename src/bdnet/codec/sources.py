"""Pictures to encode: folders of images, or any video."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from av.video.frame import VideoFrame

from bdnet.codec.container import open_video
from bdnet.codec.decoded import Skip
from bdnet.codec.decoder import Decoder
from bdnet.codec.errors import CorruptStream, UnsupportedStream
from bdnet.codec.index import read_index
from bdnet.codec.limits import check_image
from bdnet.codec.pixels import Image
from bdnet.codec.upright import AS_CODED, orientation, turn_image
from bdnet.errors import BdnetError


@dataclass(frozen=True)
class Source:
    """A sequence of pictures to encode; `name` is its path relative to the input's root."""

    name: Path
    files: tuple[Path, ...]  # the images in order, or the one video
    is_video: bool
    track: int | None = None  # of the video; None: the default one
    skips_damage: bool = False  # leave out what cannot be decoded, instead of an error

    @property
    def path(self) -> Path:
        return self.files[0] if self.is_video else self.files[0].parent

    def __len__(self) -> int:
        return len(read_index(self.files[0], track=self.track) if self.is_video else self.files)

    def fps(self) -> Fraction | None:
        """A video's average rate; images have none."""
        if not self.is_video:
            return None
        container, stream = open_video(self.files[0], track=self.track)
        with container:
            return stream.average_rate or stream.guessed_rate

    def signature(self) -> str:
        """A digest of the files' names, sizes and times, which changes with the content."""
        stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self.files]
        return hashlib.sha256(repr(stats).encode()).hexdigest()[:16]

    def pictures(self, lacks: list[str]) -> Iterator[Image | VideoFrame]:
        """Every picture in display order, upright.

        lacks: gets a sentence on the frames that are left out
        """
        decoded = self._decoded(lacks) if self.is_video else map(read_rgb, self.files)
        lost = []
        index = -1
        for index, picture in enumerate(decoded):
            if picture is not None:
                yield picture
                continue
            lost.append(index)
            if not self.skips_damage:
                raise self._damage(index)
        if len(lost) == index + 1:
            raise UnsupportedStream(f"{self.path}: without a frame that can be decoded")
        if lost:
            lacks.append(f"damaged frames left out: {len(lost)}, the first is {lost[0]}")

    def _damage(self, index: int) -> BdnetError:
        rest = "or use damaged=skip, which leaves out frames that cannot be decoded"
        if self.is_video:
            return CorruptStream(
                f"{self.path}: frame {index} is damaged; copy it again from its source, {rest}",
                index,
            )
        return UnsupportedStream(
            f"{self.files[index]}: not an image that OpenCV can read; replace it, {rest}"
        )

    def _decoded(self, lacks: list[str]) -> Iterator[Image | VideoFrame | None]:
        """The pictures of the video, at the size of the first one; None for a damaged one."""
        size, count = None, 0
        decoder = Decoder(self.path, Skip.NOTHING, 0, vectors=False, track=self.track)
        with closing(decoder):
            for decoded in decoder.decode():
                count += 1
                if decoded is None or decoded.picture.is_corrupt:
                    yield None
                    continue
                picture = decoded.picture
                size = size or (picture.width, picture.height)
                yield _upright(self.path, _resized(picture, *size))
            if decoder.damage is not None and not self.skips_damage:
                raise self._damage(count)
            if problem := decoder.truncation(count):
                lacks.append(problem)


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
