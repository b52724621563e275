"""Builds a `Frame` of a decoded picture: pixels if wanted, motion field, problems."""

import logging
from collections import deque
from pathlib import Path

import numpy as np
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from bdnet.codec import problems
from bdnet.codec.decoded import Decoded, side_data
from bdnet.codec.errors import CorruptStream, UnsupportedStream, encode_command
from bdnet.codec.motion import Field, rasterise
from bdnet.codec.pixels import Wants
from bdnet.codec.upright import AS_CODED, orientation, turn_frame
from bdnet.types import Frame, cells

log = logging.getLogger(__name__)

REMEMBERED = 32  # frames; H.264 keeps at most 16 references
INTRA = (PictureType.I, PictureType.SI)


class StreamFindings:
    """Problems, damaged frames, cells without a vector and searches, counted while reading."""

    def __init__(self) -> None:
        self.corrupt: list[int] = []
        self.problems: dict[str, int] = {}  # with the first frame that has it
        self.cells = self.holes = self.searches = 0
        self.search_seconds = 0.0
        self.size: tuple[int, int] | None = None  # (height, width) of the frames

    def count(self, valid: NDArray[np.bool_]) -> None:
        self.cells += valid.size
        self.holes += valid.size - int(np.count_nonzero(valid))

    @property
    def hole_share(self) -> float:
        return self.holes / max(1, self.cells)

    def searched(self) -> str:
        """How long the searches took."""
        if not self.searches:
            return "searched"
        milliseconds = 1000 * self.search_seconds / self.searches
        digits = 0 if milliseconds >= 10 else 1
        return f"searched, about {milliseconds:.{digits}f} ms per frame"

    def log(self, path: str | Path) -> None:
        """Logs holes and damaged frames, if there are any."""
        if self.hole_share:
            share = 100 * self.hole_share
            log.warning("%s: %.1f %% of the picture had no usable vector", path, share)
        if self.corrupt:
            count, first = len(self.corrupt), self.corrupt[0]
            log.warning("%s: damaged frames: %d, the first is %d", path, count, first)


class ReferenceTracker:
    """Tells, frame by frame in display order, how far back the nearest reference lies.

    In a clean stream that is always 1. In others, libavcodec does not export which reference a
    vector points to; the nearest one that was decoded before the frame is the best guess:

        display   I0  B1  B2  B3  P4         B2 is a reference itself
        distance      1   2   1   4
    """

    def __init__(self) -> None:
        self._references: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)

    def distance(self, index: int, packet: int, is_reference: bool) -> int:
        """Number of frames from `index`, decoded as number `packet`, back to its reference."""
        nearest = max(
            (shown for shown, decoded in self._references if decoded < packet), default=index - 1
        )
        if is_reference:
            self._references.append((index, packet))
        return index - nearest


class FrameBuilder:
    """Builds the frames of one run of consecutive pictures, in display order."""

    def __init__(
        self,
        path: str | Path,
        strict: bool,
        findings: StreamFindings,
        upright: bool = False,
        is_searched: bool = False,
    ) -> None:
        self.path, self.strict, self.findings, self.upright = path, strict, findings, upright
        self._is_searched = is_searched
        self._tracker = ReferenceTracker()
        self._to_rgb = VideoReformatter()  # kept, since making it takes longer than using it
        self._size: tuple[int, int] | None = None
        self._turn = AS_CODED
        self._is_broken = False  # the frame before is missing, so this one's vectors mean nothing

    def skip_lost(self, index: int) -> None:
        """Records a frame that could not be decoded."""
        self._damage(index, "could not be decoded")
        self._is_broken = True

    def build(self, decoded: Decoded, index: int, time: float, wants: Wants) -> Frame:
        picture = decoded.picture
        motion, valid = self._motion(decoded, index)
        if valid is not None:
            self.findings.count(valid)
        self._is_broken = False
        frame = Frame(index, time, picture.key_frame, None, motion, valid, decoded.arrived)
        if wants(frame):
            pixels = self._to_rgb.reformat(picture, format="rgb24").to_ndarray()
            # rows of odd widths come padded
            frame = frame._replace(image=np.ascontiguousarray(pixels, np.uint8))
        return turn_frame(frame, self._turn, picture.height, picture.width)

    def skip_unwanted(self, decoded: Decoded, index: int) -> None:
        """Checks a picture that is decoded only because later ones need it."""
        self._examine(decoded, index)
        self._is_broken = False

    def _motion(
        self, decoded: Decoded, index: int
    ) -> tuple[NDArray[np.float32] | None, NDArray[np.bool_] | None]:
        """Motion since the frame before, and where it is valid; None where it was not estimated."""
        before = self._size
        distance = self._examine(decoded, index)
        if before not in (None, self._size):
            return None, None
        if self._is_searched:
            return decoded.searched or (None, None)
        return (
            (None, None) if decoded.picture.pict_type in INTRA else self._field(decoded, distance)
        )

    def _examine(self, decoded: Decoded, index: int) -> int:
        """Checks a picture; returns how many frames back its reference lies."""
        picture = decoded.picture
        self.findings.searches += self._is_searched
        self.findings.search_seconds += decoded.search_seconds
        self._check(picture, index)
        if picture.is_corrupt:
            self._damage(index, "is damaged")
        distance = self._tracker.distance(index, decoded.packet, decoded.is_reference)
        if distance != 1 and picture.pict_type not in INTRA:
            self._report(problems.UNUSED, index)
        return distance

    def _field(self, decoded: Decoded, distance: int) -> Field:
        picture = decoded.picture
        records = side_data(picture, "MOTION_VECTORS")
        is_usable = decoded.has_vectors and not picture.is_corrupt and not self._is_broken
        if records is None or not is_usable:
            grid = cells(picture.height), cells(picture.width)
            return np.zeros((2, *grid), np.float32), np.zeros(grid, np.bool_)
        motion, valid = rasterise(records.to_ndarray(), picture.height, picture.width)
        if distance != 1:
            motion /= distance  # of one frame, if the motion is steady
        return motion, valid

    def _check(self, picture: VideoFrame, index: int) -> None:
        turned = orientation(picture) if self.upright else None
        self._turn = turned or AS_CODED
        size = self._turn.size(picture.height, picture.width)
        if self._size not in (None, size):
            self._report(problems.VARIABLE_SIZE, index)
        self._size = self.findings.size = size
        for problem, applies in problems.of_picture(picture, turned is not None).items():
            if applies:
                self._report(problem, index)

    def _report(self, problem: str, index: int) -> None:
        if self._is_searched and problems.is_of_vectors(problem):
            return
        refuse(self.path, problem, self.strict, f" (frame {index})")
        self.findings.problems.setdefault(problem, index)

    def _damage(self, index: int, state: str) -> None:
        if self.strict:
            raise CorruptStream(
                f"{self.path}: frame {index} {state}; copy the file again from its source, or read "
                "on around the damage with strict=False",
                index,
            )
        self.findings.corrupt.append(index)


def refuse(path: str | Path, problem: str, strict: bool, where: str = "") -> None:
    """Raises in strict mode, which wants a clean stream."""
    if strict:
        other = "motion=search, or " if problems.is_of_vectors(problem) else "upright=True, or "
        if problem == problems.VARIABLE_SIZE:
            other = ""
        raise UnsupportedStream(
            f"{path} {problem}{where}; make a clean copy: {encode_command(path)} "
            f"(or read it as it is with {other}strict=False)"
        )
