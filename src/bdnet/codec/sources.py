"""Pictures to encode: folders of images, or any video."""

import glob
import hashlib
import re
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
from bdnet.codec.pixels import Image
from bdnet.codec.upright import AS_CODED, orientation, turn_image

IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"}
VIDEOS = {".mp4", ".mkv", ".mov", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".m2ts", ".flv",
          ".wmv", ".h264", ".264", ".hevc", ".h265", ".ogv", ".3gp", ".y4m", ".mts", ".vob", ".m2v",
          ".asf", ".rm", ".mxf", ".ivf", ".gif", ".apng"}  # fmt: skip


def natural(path: Path) -> list[tuple[int, str]]:
    """Sort key by which frame_9.png comes before frame_10.png."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


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


def find_sources(pattern: str) -> list[Source]:
    """The sequences in a video, a folder of images, a tree of both, or a glob pattern."""
    path = Path(pattern)
    if path.exists():
        root = path if path.is_dir() and not images_in(path) else path.parent
        matches = [path]
    else:
        root = _fixed_part(path)
        matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
    sources = [source for match in matches for source in _sources_at(match, root)]
    if not sources:
        count = f"{len(matches)} matches" if matches else "no match"
        raise UnsupportedStream(
            f"{pattern}: {count}, but no video and no folder with images "
            f"({' '.join(sorted(IMAGES))}); give another path or pattern"
        )
    return list({source.name: source for source in sources}.values())


def _sources_at(path: Path, root: Path) -> Iterator[Source]:
    if not path.is_dir():
        if path.suffix.lower() not in IMAGES:
            yield Source(path.relative_to(root), (path,), is_video=True)
        return
    if images := images_in(path):
        yield Source(path.relative_to(root), images, is_video=False)
        return
    for child in sorted(path.iterdir()):
        if child.is_dir() or (child.suffix.lower() in VIDEOS and not child.name.startswith(".")):
            yield from _sources_at(child, root)


def images_in(folder: Path) -> tuple[Path, ...]:
    """The images of a folder, in natural order."""
    paths = (path for path in folder.iterdir() if path.suffix.lower() in IMAGES)
    return tuple(sorted(paths, key=natural))


def _fixed_part(pattern: Path) -> Path:
    """The folder above the first wildcard."""
    fixed = Path(pattern.anchor)
    for part in pattern.parts[len(fixed.parts) : -1]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed


def read_rgb(path: Path) -> Image | None:
    """An image file as uint8 RGB [H, W, 3]; None where it cannot be read."""
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
