"""Small videos of known motion, encoded by PyAV directly to be independent of our own writer."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.codec.encoding import X264_PARAMS
from bdnet.types import Frame

Picture = NDArray[np.uint8]
MARGIN = 96  # pixels that a scene may wander off in each direction

CLEAN_H264 = {
    "bf": "0",
    "refs": "1",
    "sc_threshold": "0",
    "g": "12",
    "keyint_min": "12",
    "crf": "18",
    "threads": "1",
    "x264-params": X264_PARAMS,  # with one thread and these, files are the same every time
}
CLEAN_MPEG = {"bf": "0", "g": "12", "sc_threshold": "1000000000", "threads": "1"}

# decoders that export no motion vectors
NO_VECTORS: dict[str, dict[str, Any]] = {
    "hevc": {"codec": "libx265", "options": (("x265-params", "log-level=none:bframes=0"),)},
    "vp9": {"codec": "libvpx-vp9", "options": (("cpu-used", "8"),), "container": "webm"},
    "mjpeg": {"codec": "mjpeg", "options": (), "container": "avi", "pixel_format": "yuvj420p"},
}


def h264(x264_params: str = "", **changes: str) -> dict[str, Any]:
    """A recipe of H.264 video with other options than a clean stream's."""
    params = ":".join(filter(None, (X264_PARAMS, x264_params)))
    return {"options": tuple({**CLEAN_H264, **changes, "x264-params": params}.items())}


def mpeg(codec: str, **changes: str) -> dict[str, Any]:
    """A recipe of MPEG video with other options than a clean stream's."""
    return {"codec": codec, "options": tuple({**CLEAN_MPEG, **changes}.items())}


class Scene(Protocol):
    """A moving picture as a function of time."""

    def picture(self, index: int, height: int, width: int) -> Picture: ...


@cache
def texture(height: int, width: int, seed: int) -> Picture:
    """RGB noise of several sizes, smooth enough to be resampled without loss."""
    rng = np.random.default_rng(seed)
    shape = height + 2 * MARGIN, width + 2 * MARGIN
    total = np.zeros((*shape, 3), np.float32)
    for sigma in (2.0, 5.0, 12.0):
        noise = cv2.GaussianBlur(rng.standard_normal((*shape, 3)).astype(np.float32), (0, 0), sigma)
        total += noise / noise.std()
    return np.clip(128 + 30 * total, 0, 255).astype(np.uint8)


def _sample(source: Picture, x: NDArray[Any], y: NDArray[Any], size: tuple[int, int]) -> Picture:
    height, width = size
    grid_x, grid_y = np.meshgrid(x[:width], y[:height])
    maps = (grid_x + MARGIN).astype(np.float32), (grid_y + MARGIN).astype(np.float32)
    return np.asarray(cv2.remap(source, *maps, cv2.INTER_LANCZOS4), np.uint8)


@dataclass(frozen=True)
class Pan:
    """The camera moves by `shift` (x, y) pixels a frame: content at p came from p + shift."""

    shift: tuple[float, float] = (0.0, 0.0)
    seed: int = 0

    def picture(self, index: int, height: int, width: int) -> Picture:
        x, y = (
            np.arange(size) + index * step
            for size, step in zip((width, height), self.shift, strict=True)
        )
        return _sample(texture(height, width, self.seed), x, y, (height, width))


@dataclass(frozen=True)
class Walk:
    """The camera moves by another step each frame, so that no frame's motion is its neighbour's."""

    steps: tuple[tuple[float, float], ...]  # of frames 1, 2, ..., over and over

    def step(self, index: int) -> tuple[float, float]:
        return self.steps[(index - 1) % len(self.steps)]

    def picture(self, index: int, height: int, width: int) -> Picture:
        x, y = np.sum([self.step(past) for past in range(1, index + 1)] or [(0, 0)], 0)
        return Pan((x, y)).picture(1, height, width)


@dataclass(frozen=True)
class Zoom:
    """The picture grows by `factor` a frame around its centre."""

    factor: float
    seed: int = 0

    def picture(self, index: int, height: int, width: int) -> Picture:
        x, y = (
            (np.arange(size) - (size - 1) / 2) / self.factor**index + (size - 1) / 2
            for size in (width, height)
        )
        return _sample(texture(height, width, self.seed), x, y, (height, width))


@dataclass(frozen=True)
class Cut:
    """One still picture up to frame `at`, another one from there on."""

    at: int

    def picture(self, index: int, height: int, width: int) -> Picture:
        return Pan(seed=int(index >= self.at)).picture(0, height, width)


@dataclass(frozen=True)
class Rotated:
    """A scene filmed with a turned camera, which a player turns back by quarters of a circle."""

    scene: Scene
    quarters: int  # that the player turns counter-clockwise

    def picture(self, index: int, height: int, width: int) -> Picture:
        size = (height, width) if self.quarters % 2 == 0 else (width, height)
        return np.ascontiguousarray(np.rot90(self.scene.picture(index, *size), -self.quarters))


@dataclass(frozen=True)
class Video:
    """A scene and how it is encoded; the size is (height, width), the stamps count 1/100 s."""

    scene: Scene = Pan()
    size: tuple[int, int] = (144, 176)
    frames: int = 25
    codec: str = "libx264"
    container: str = "mp4"
    options: tuple[tuple[str, str], ...] | None = None  # None: those of a clean stream
    pixel_format: str = "yuv420p"
    bit_rate: int = 2_000_000  # where there is no crf
    rotation: int = 0  # degrees counter-clockwise, of the player
    mirrored: bool = False
    stamps: tuple[int, ...] | None = None
    rate: Fraction | int = 25
    settings: tuple[tuple[str, Any], ...] = ()  # of the codec's context

    def write(self, path: Path) -> None:
        options = self.options
        if options is None:
            options = tuple((CLEAN_H264 if self.codec == "libx264" else CLEAN_MPEG).items())
        with av.open(str(path), "w") as container:
            stream = container.add_stream(self.codec, rate=self.rate, options=dict(options))
            stream.height, stream.width = self.size
            stream.pix_fmt = self.pixel_format
            if self.codec != "libx264":
                stream.bit_rate = self.bit_rate
            for name, value in self.settings:
                setattr(stream.codec_context, name, value)
            if self.rotation or self.mirrored:
                stream.set_display_rotation(self.rotation, hflip=self.mirrored)
            if self.stamps:
                stream.codec_context.time_base = Fraction(1, 100)
            container.start_encoding()
            for index in range(self.frames):
                image = self.scene.picture(index, *self.size)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                if self.stamps:
                    frame.pts, frame.time_base = self.stamps[index], Fraction(1, 100)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())


def assert_same_frame(frame: Frame, expected: Frame, images: bool = True) -> None:
    """Compares every part of two frames bit by bit; images=False leaves the images out."""
    assert frame[:3] == expected[:3]  # index, time, is_key
    for name in ("motion", "valid", "image") if images else ("motion", "valid"):
        array, wanted = getattr(frame, name), getattr(expected, name)
        assert (array is None) == (wanted is None), f"frame {expected.index}: {name}"
        if array is not None:
            assert array.dtype == wanted.dtype
            assert np.array_equal(array, wanted), f"frame {expected.index}: {name}"


def packet_positions(path: Path) -> list[tuple[int, int]]:
    """(position, size) in the file of each packet of the video."""
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]


def overwrite(path: Path, position: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(position)
        file.write(data)
