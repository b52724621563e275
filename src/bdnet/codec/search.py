"""Motion fields for pictures without vectors: an encoder searches for them, in memory."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from bdnet.codec.cut import CutFinder
from bdnet.codec.decoder import side_data
from bdnet.codec.errors import UnsupportedStream
from bdnet.codec.motion import rasterise
from bdnet.codec.pixels import Image
from bdnet.types import cells

Field = tuple[NDArray[np.float32], NDArray[np.bool_]]

# A field depends only on the pictures so far: no B-frames, one reference, no
# keyframe but the first, nothing that looks ahead, and one thread, since x264 cuts slices by thread
REPEATABLE = (
    "bframes=0:ref=1:weightp=0:scenecut=0:keyint=infinite:mbtree=0:aq-mode=0:"
    "sync-lookahead=0:rc-lookahead=0:threads=1"
)


@dataclass(frozen=True)
class Search:
    """How thoroughly motion is searched.

    half:      in pictures of half the height and width: a block is then 16x16 pixels
    subpixel:  x264's subme, the effort for fractions of a pixel
    quantiser: x264's qp; a coarser one gives smoother fields
    """

    half: bool = False
    subpixel: int = 2
    quantiser: int = 20

    def options(self) -> dict[str, str]:
        """x264's: its fastest preset, but 8x8 blocks found by a hexagon search."""
        chosen = f"partitions=p8x8:me=hex:subme={self.subpixel}"
        return {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "qp": str(self.quantiser),
            "x264-params": f"{REPEATABLE}:{chosen}",
        }


SEARCHES = {"default": Search(), "fast": Search(half=True, subpixel=4)}


def search_of(search: Search | str) -> Search:
    """A search by its name, or as it is."""
    if isinstance(search, Search):
        return search
    if search not in SEARCHES:
        raise ValueError(f"search={search!r}: use {' or '.join(SEARCHES)}")
    return SEARCHES[search]


class MotionSearch:
    """Searches each picture's motion since the picture before it.

        search = MotionSearch()
        for image in images:
            field = search.field(image)  # None for the first one, and after a cut

    The field is a clean stream's: motion float32 [2, ceil(H/8), ceil(W/8)] in pixels and valid
    bool of the same grid, False in the few blocks that the encoder codes without a vector.
    """

    def __init__(self, search: Search | None = None) -> None:
        self.search = search or SEARCHES["default"]
        self._size: tuple[int, int] | None = None
        self._count = 0

    def field(self, picture: VideoFrame | Image) -> Field | None:
        """The motion since the last picture given; None for the first, at a cut, or a new size."""
        luma = _luma(picture)
        size = luma.shape[0], luma.shape[1]
        is_first = size != self._size
        if is_first:
            self._start(size)
        records = self._search(luma)
        field = None if is_first else self._grid(*rasterise(records, *self._searched), size)
        is_cut = self._cuts.is_cut(luma, None if field is None else field[0])
        return None if is_cut else field

    def _start(self, size: tuple[int, int]) -> None:
        height, width = size
        if self.search.half:
            height, width = max(1, height // 2), max(1, width // 2)
        self._size, self._searched, self._count = size, (height, width), 0
        self._encoder = _encoder(height, width, self.search.options())
        self._decoder = _decoder()
        self._cuts = CutFinder()

    def _search(self, luma: Image) -> NDArray[Any]:
        height, width = self._searched
        if luma.shape != self._searched:
            luma = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]  # its stub
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(luma), format="gray")
        frame.pts, self._count = self._count, self._count + 1
        decoded = [
            picture
            for packet in self._encoder.encode(frame)
            for picture in self._decoder.decode(packet)
        ]
        if [picture.pts for picture in decoded] != [frame.pts]:
            raise RuntimeError(f"x264 gave {len(decoded)} pictures instead of picture {frame.pts}")
        vectors = side_data(decoded[0], "MOTION_VECTORS")
        return np.empty(0) if vectors is None else vectors.to_ndarray()

    def _grid(
        self, motion: NDArray[np.float32], valid: NDArray[np.bool_], size: tuple[int, int]
    ) -> Field:
        if not self.search.half:
            return motion, valid
        rows, columns = (
            np.minimum(np.arange(cells(side)) // 2, count - 1)
            for side, count in zip(size, valid.shape, strict=True)
        )
        motion, valid = motion[:, rows[:, None], columns], valid[rows[:, None], columns]
        scale = np.array([size[1] / self._searched[1], size[0] / self._searched[0]], np.float32)
        return motion * scale[:, None, None], valid


def _encoder(height: int, width: int, options: dict[str, str]) -> VideoCodecContext:
    try:
        encoder = av.CodecContext.create("libx264", "w")
    except av.codec.codec.UnknownCodecError as error:
        raise UnsupportedStream(
            "motion=search: this PyAV has no libx264; install PyAV's wheel (pip install av), or "
            "read the stream's own vectors with motion=stream"
        ) from error
    assert isinstance(encoder, VideoCodecContext)
    encoder.height, encoder.width, encoder.pix_fmt = height, width, "gray"
    encoder.time_base = Fraction(1, 25)  # of no consequence: the quantiser is constant
    encoder.options = options
    return encoder


def _decoder() -> VideoCodecContext:
    """A decoder of vectors that decodes no pixels."""
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1  # frame threads would hold pictures back
    decoder.options = {
        "flags": "+low_delay",
        "flags2": "+export_mvs",
        "skip_loop_filter": "all",
        "skip_idct": "all",
    }
    return decoder


def _luma(picture: VideoFrame | Image) -> Image:
    """Grey uint8 [H, W], whatever the picture's format."""
    if not isinstance(picture, VideoFrame):
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return picture.reformat(format="gray").to_ndarray().astype(np.uint8, copy=False)
