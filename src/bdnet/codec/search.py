"""Motion fields for pictures without vectors: an encoder searches for them, in memory."""

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

from bdnet.codec.block_search import BlockSearch
from bdnet.codec.cut import CutFinder
from bdnet.codec.decoded import Decoded
from bdnet.codec.flow import FlowSearch
from bdnet.codec.motion import Field
from bdnet.codec.pixels import Image
from bdnet.errors import BdnetError
from bdnet.system.ahead import ahead
from bdnet.types import Size, cells

Motion = Literal["stream", "search", "auto"]

AHEAD = 3  # pictures in each stage that wait for the next one


@dataclass(frozen=True)
class Search:
    """How motion is searched.

    method:    by libx264, libavcodec's own MPEG-4 encoder (mpeg4) or OpenCV's optical flow (dis)
    half:      in pictures of half the height and width: a block is then 16x16 pixels
    subpixel:  x264's subme, the effort for fractions of a pixel
    quantiser: x264's qp; a coarser one gives smoother fields
    """

    method: Literal["x264", "mpeg4", "dis"] = "x264"
    half: bool = False
    subpixel: int = 1
    quantiser: int = 26


SEARCHES = {
    "default": Search(),
    "fast": Search(half=True),
    "mpeg4": Search("mpeg4"),
    "dis": Search("dis"),
}


def check_motion(motion: str, search: Search | str) -> None:
    """Refuses words that mean nothing."""
    if motion not in ("stream", "search", "auto"):
        raise BdnetError(
            f"motion={motion}: use auto, stream (the stream's own vectors) or search (found in "
            "the pictures)"
        )
    if not isinstance(search, Search) and search not in SEARCHES:
        raise BdnetError(f"search={search}: use {', '.join(SEARCHES)}")


def search_of(search: Search | str) -> Search:
    """A search by its name, or as it is."""
    return search if isinstance(search, Search) else SEARCHES[search]


class Pictures:
    """What is kept from picture to picture while their size stays the same."""

    def __init__(self, search: Search, size: Size) -> None:
        self.size, self.cuts = size, CutFinder()
        height, width = (max(1, side // 2) if search.half else side for side in size)
        self.searched = height, width
        self.method: BlockSearch | FlowSearch
        if search.method == "dis":
            self.method = FlowSearch()
        else:
            self.method = BlockSearch(
                search.method, self.searched, search.subpixel, search.quantiser
            )

    def at_size(self, field: Field) -> Field:
        """A field of the searched size, on the grid of the pictures."""
        if self.searched == self.size:
            return field
        motion, valid = field
        rows, columns = (
            np.minimum(np.arange(cells(side)) // 2, count - 1)
            for side, count in zip(self.size, valid.shape, strict=True)
        )
        motion, valid = motion[:, rows[:, None], columns], valid[rows[:, None], columns]
        height, width = (side / half for side, half in zip(self.size, self.searched, strict=True))
        return motion * np.array([width, height], np.float32)[:, None, None], valid


class Prepared(NamedTuple):
    """A picture after the first stage of a search, which encodes it; the second reads vectors."""

    pictures: Pictures
    luma: Image
    work: Any
    is_first: bool
    seconds: float


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
        self._pictures: Pictures | None = None
        self._to_grey = VideoReformatter()

    def field(self, picture: VideoFrame | Image) -> Field | None:
        """The motion since the last picture given; None for the first, at a cut, or a new size."""
        return self.find(self.prepare(picture))

    def prepare(self, picture: VideoFrame | Image) -> Prepared:
        """The first half of the work, on pictures in order."""
        begin = time.perf_counter()
        luma = self._luma(picture)
        size = luma.shape[0], luma.shape[1]
        is_first = self._pictures is None or size != self._pictures.size
        if self._pictures is None or is_first:
            self._pictures = Pictures(self.search, size)
        height, width = self._pictures.searched
        small: Any = luma
        if self._pictures.searched != size:
            small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
        work = self._pictures.method.prepare(small)
        return Prepared(self._pictures, luma, work, is_first, time.perf_counter() - begin)

    @staticmethod
    def find(prepared: Prepared) -> Field | None:
        """The second half, in the same order; another thread can do it."""
        pictures, luma, work, is_first, _ = prepared
        found = pictures.method.find(work)
        field = None if is_first or found is None else pictures.at_size(found)
        is_cut = pictures.cuts.is_cut(luma, None if field is None else field[0])
        return None if is_cut else field

    def _luma(self, picture: VideoFrame | Image) -> Image:
        """Grey uint8 [H, W], whatever the picture's format."""
        if not isinstance(picture, VideoFrame):
            return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        # of one range, so that the luma stays as it is
        full = ColorRange.JPEG
        grey = self._to_grey.reformat(
            picture, format="gray", src_color_range=full, dst_color_range=full
        )
        return grey.to_ndarray().astype(np.uint8, copy=False)


def search_ahead(
    pictures: Generator[Decoded | None, None, None], search: Search
) -> Generator[Decoded | None, None, None]:
    """Pictures with their searched motion; decoding, encoding and the rest overlap in threads."""
    searching = MotionSearch(search)

    def prepared() -> Generator[tuple[Decoded | None, Prepared | None], None, None]:
        with closing(ahead(pictures, AHEAD)) as read:
            for decoded in read:
                yield decoded, None if decoded is None else searching.prepare(decoded.picture)

    with closing(ahead(prepared(), AHEAD)) as items:
        for decoded, work in items:
            if decoded is None or work is None:
                yield None
                continue
            begin = time.perf_counter()
            field = searching.find(work)
            seconds = work.seconds + time.perf_counter() - begin
            yield decoded._replace(searched=field, search_seconds=seconds)
