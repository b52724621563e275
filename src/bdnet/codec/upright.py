"""Frames as their file asks players to show them: what a phone held upright has filmed lying."""

from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from bdnet.types import CELL, Frame, cells

Number = TypeVar("Number", bound=np.generic)

SLANT = 0.01  # of a pixel per pixel; what phones write has none


class Orientation(NamedTuple):
    """What sets a coded picture upright: flips of its columns and rows, then a transposition."""

    flip_x: bool = False
    flip_y: bool = False
    transpose: bool = False

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The upright (height, width) of a coded picture."""
        return (width, height) if self.transpose else (height, width)


AS_CODED = Orientation()


def orientation(picture: VideoFrame) -> Orientation | None:
    """How a decoded picture is to be set upright; None: turned by no multiple of 90 degrees."""
    # see frames.py for why not picture.side_data
    found = SideDataContainer(picture).get("DISPLAYMATRIX")  # type: ignore[call-arg]  # its stub
    if found is None:
        return AS_CODED
    # x' = a x + c y, y' = b x + d y
    (a, b, _), (c, d, _), _ = np.frombuffer(bytes(found), np.int32).reshape(3, 3).tolist()
    straight, across = abs(a) + abs(d), abs(b) + abs(c)
    if across <= SLANT * straight:
        return Orientation(flip_x=a < 0, flip_y=d < 0)
    if straight <= SLANT * across:
        return Orientation(flip_x=b < 0, flip_y=c < 0, transpose=True)
    return None


def turn_image(image: NDArray[np.uint8], how: Orientation) -> NDArray[np.uint8]:
    """An image [H, W, 3] set upright."""
    if how.flip_x or how.flip_y:
        code = -1 if how.flip_x and how.flip_y else int(how.flip_x)  # as OpenCV has it
        image = cv2.flip(image, code).astype(np.uint8, copy=False)
    return cv2.transpose(image).astype(np.uint8, copy=False) if how.transpose else image


def turn(frame: Frame, how: Orientation, height: int, width: int) -> Frame:
    """A frame of coded size height x width set upright: picture, vectors and their cells.

    The grid of cells begins at the upright picture's own corner. Where height or width is no
    multiple of 8, its cells are not quite the coded ones, and each takes the vector of the coded
    cell that holds its centre.
    """
    if how == AS_CODED:
        return frame
    image, motion, valid = frame.image, frame.motion, frame.valid
    if image is not None:
        image = turn_image(image, how)
    if motion is not None:
        sign = np.array([-1 if flip else 1 for flip in how[:2]], np.float32)[:, None, None]
        motion = _turn_grid(motion * sign, how, height, width)
        motion = np.ascontiguousarray(motion[::-1]) if how.transpose else motion
    if valid is not None:
        valid = _turn_grid(valid, how, height, width)
    return frame._replace(image=image, motion=motion, valid=valid)


def _turn_grid(grid: NDArray[Number], how: Orientation, height: int, width: int) -> NDArray[Number]:
    """A grid [..., h, w] of cells of 8x8 pixels, looked up at the upright cells' centres."""
    rows, columns = _places(height, how.flip_y), _places(width, how.flip_x)
    found = grid[..., rows[:, None], columns]
    return np.ascontiguousarray(found.swapaxes(-1, -2) if how.transpose else found)


def _places(size: int, flip: bool) -> NDArray[np.intp]:
    """The coded cell for each upright one, along one side of so many pixels."""
    count = cells(size)
    centres = CELL * np.arange(count) + CELL // 2
    return np.clip((size - centres if flip else centres) // CELL, 0, count - 1)
