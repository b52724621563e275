"""Decoded picture -> Frame: its pixels where wanted, its field, and what is wrong with it."""

import logging
from pathlib import Path

import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from bdnet.codec import problems
from bdnet.codec.decoder import Decoded
from bdnet.codec.errors import CorruptStream, UnsupportedStream, encode_command
from bdnet.codec.motion import rasterise
from bdnet.codec.pixels import Wants
from bdnet.codec.references import ReferenceTracker
from bdnet.codec.upright import AS_CODED, orientation, turn
from bdnet.types import Frame, cells

log = logging.getLogger(__name__)

INTRA = (PictureType.I, PictureType.SI)


class StreamFindings:
    """What reading a video brought to light: problems, damaged frames, cells without a vector."""

    def __init__(self) -> None:
        self.corrupt: list[int] = []
        self.problems: dict[str, int] = {}  # and the first frame that has it
        self.cells = self.holes = 0
        self.size: tuple[int, int] | None = None  # (height, width) of the frames, as they come

    def count(self, valid: NDArray[np.bool_]) -> None:
        self.cells += valid.size
        self.holes += valid.size - int(np.count_nonzero(valid))

    @property
    def hole_share(self) -> float:
        return self.holes / max(1, self.cells)

    def say(self, path: str | Path) -> None:
        """Logs what was found, where anything was."""
        if self.hole_share:
            share = 100 * self.hole_share
            log.warning("%s: %.1f %% of the picture had no usable vector", path, share)
        if self.corrupt:
            count, first = len(self.corrupt), self.corrupt[0]
            log.warning("%s: %d damaged frames, the first is %d", path, count, first)


class FrameBuilder:
    """Builds the frames of one run of consecutive pictures, in display order."""

    def __init__(
        self, path: str | Path, strict: bool, findings: StreamFindings, upright: bool = False
    ) -> None:
        self.path, self.strict, self.findings, self.upright = path, strict, findings, upright
        self._tracker = ReferenceTracker()
        self._to_rgb = VideoReformatter()  # one for all: making it takes longer than using it
        self._size: tuple[int, int] | None = None
        self._turn = AS_CODED
        self._is_broken = False  # the frame before is missing, so vectors to it mean nothing

    def lose(self, index: int) -> None:
        """Notes that a frame could not be decoded at all."""
        self._damage(index, "could not be decoded")
        self._is_broken = True

    def build(self, decoded: Decoded, index: int, time: float, wants: Wants) -> Frame:
        picture = decoded.picture
        distance = self._examine(decoded, index)
        motion = valid = None
        if picture.pict_type not in INTRA:
            motion, valid = self._field(decoded, distance)
            self.findings.count(valid)
        self._is_broken = False
        frame = Frame(index, time, picture.key_frame, None, motion, valid)
        if wants(frame):
            pixels = self._to_rgb.reformat(picture, format="rgb24").to_ndarray()
            # rows of odd widths come padded
            frame = frame._replace(image=np.ascontiguousarray(pixels, np.uint8))
        return turn(frame, self._turn, picture.height, picture.width)

    def pass_by(self, decoded: Decoded, index: int) -> None:
        """Takes note of a picture that is decoded only because later ones need it."""
        self._examine(decoded, index)
        self._is_broken = False

    def _examine(self, decoded: Decoded, index: int) -> int:
        """Checks a picture and tells how many frames back its reference lies."""
        picture = decoded.picture
        self._check(picture, index)
        if picture.is_corrupt:
            self._damage(index, "is damaged")
        distance = self._tracker.distance(index, decoded.packet, decoded.is_reference)
        if distance != 1 and picture.pict_type not in INTRA:
            self._meet(problems.UNUSED, index)
        return distance

    def _field(
        self, decoded: Decoded, distance: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        picture = decoded.picture
        # picture.side_data would tie picture and side data into a cycle, and the decoder would have
        # to find new memory for every frame until the garbage collector comes by
        records = SideDataContainer(picture).get("MOTION_VECTORS")  # type: ignore[call-arg]  # its stub
        is_usable = decoded.has_vectors and not picture.is_corrupt and not self._is_broken
        if records is None or not is_usable:
            grid = cells(picture.height), cells(picture.width)
            return np.zeros((2, *grid), np.float32), np.zeros(grid, np.bool_)
        motion, valid = rasterise(records.to_ndarray(), picture.height, picture.width)
        if distance != 1:
            motion /= distance  # the share of one frame, as if the motion were steady
        return motion, valid

    def _check(self, picture: VideoFrame, index: int) -> None:
        turned = orientation(picture) if self.upright else None
        self._turn = turned or AS_CODED
        size = self._turn.size(picture.height, picture.width)
        if self._size not in (None, size):
            raise UnsupportedStream(
                f"{self.path}: {problems.VARIABLE_SIZE} from {self._size} to {size} (height, "
                f"width) at frame {index}; re-encode it at one size: {encode_command(self.path)}"
            )
        self._size = self.findings.size = size
        for problem, is_there in problems.of_picture(picture, turned is not None).items():
            if is_there:
                self._meet(problem, index)

    def _meet(self, problem: str, index: int) -> None:
        refuse(self.path, f"{problem} (frame {index})", self.strict)
        self.findings.problems.setdefault(problem, index)

    def _damage(self, index: int, what: str) -> None:
        if self.strict:
            raise CorruptStream(
                f"{self.path}: frame {index} {what}; copy the file again from its source, or read "
                "on around the damage with strict=False",
                index,
            )
        self.findings.corrupt.append(index)


def refuse(path: str | Path, problem: str, strict: bool) -> None:
    """Raises in strict mode, where a stream must be clean."""
    if strict:
        raise UnsupportedStream(
            f"{path} {problem}; make a clean copy: {encode_command(path)} "
            "(or read it as well as it goes with strict=False)"
        )
