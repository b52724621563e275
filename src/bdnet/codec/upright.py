"""Turns frames upright, as their file asks players to: phones store portraits on their side."""

from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from bdnet.codec.decoded import side_data
from bdnet.types import CELL, Frame, cells

Number = TypeVar("Number", bound=np.generic)

SLANT = 0.01  # pixels per pixel by which a turn may miss a multiple of 90 degrees


class Orientation(NamedTuple):
    """Flips of columns and rows, then a transposition, which turn a coded picture upright."""

    flip_x: bool = False
    flip_y: bool = False
    transpose: bool = False

    def size(self, height: int, width: int) -> tuple[int, int]:
        """The upright (height, width) of a coded picture."""
        return (width, height) if self.transpose else (height, width)


AS_CODED = Orientation()


def orientation(picture: VideoFrame) -> Orientation | None:
    """How a decoded picture is turned upright; None where that is no multiple of 90 degrees."""
    display_matrix = side_data(picture, "DISPLAYMATRIX")
    if display_matrix is None:
        return AS_CODED
    # x' = a x + c y, y' = b x + d y
    (a, b, _), (c, d, _), _ = np.frombuffer(bytes(display_matrix), np.int32).reshape(3, 3).tolist()
    straight, across = abs(a) + abs(d), abs(b) + abs(c)
    if across <= SLANT * straight:
        return Orientation(flip_x=a < 0, flip_y=d < 0)
    if straight <= SLANT * across:
        return Orientation(flip_x=b < 0, flip_y=c < 0, transpose=True)
    return None


def turn_image(image: NDArray[np.uint8], turn: Orientation) -> NDArray[np.uint8]:
    """Turns an image [H, W, 3] upright."""
    if turn.flip_x or turn.flip_y:
        code = -1 if turn.flip_x and turn.flip_y else int(turn.flip_x)  # as OpenCV has it
        image = cv2.flip(image, code).astype(np.uint8, copy=False)
    return cv2.transpose(image).astype(np.uint8, copy=False) if turn.transpose else image


def turn_frame(frame: Frame, turn: Orientation, height: int, width: int) -> Frame:
    """Turns a frame of coded size height x width upright: picture, vectors and their cells.

    The grid of cells begins at the upright picture's own corner. Where height or width is no
    multiple of 8, its cells are not quite the coded ones, and each takes the vector of the coded
    cell that holds its centre.
    """
    if turn == AS_CODED:
        return frame
    image, motion, valid = frame.image, frame.motion, frame.valid
    if image is not None:
        image = turn_image(image, turn)
    if motion is not None:
        sign = np.array([-1 if flip else 1 for flip in turn[:2]], np.float32)[:, None, None]
        motion = _turn_grid(motion * sign, turn, height, width)
        motion = np.ascontiguousarray(motion[::-1]) if turn.transpose else motion
    if valid is not None:
        valid = _turn_grid(valid, turn, height, width)
    return frame._replace(image=image, motion=motion, valid=valid)


def _turn_grid(
    grid: NDArray[Number], turn: Orientation, height: int, width: int
) -> NDArray[Number]:
    """A grid [..., h, w] of cells of 8x8 pixels, looked up at the upright cells' centres."""
    rows, columns = _coded_cells(height, turn.flip_y), _coded_cells(width, turn.flip_x)
    upright = grid[..., rows[:, None], columns]
    return np.ascontiguousarray(upright.swapaxes(-1, -2) if turn.transpose else upright)


def _coded_cells(size: int, flip: bool) -> NDArray[np.intp]:
    """For each upright cell along a side of `size` pixels, the coded cell."""
    count = cells(size)
    centres = CELL * np.arange(count) + CELL // 2
    return np.clip((size - centres if flip else centres) // CELL, 0, count - 1)
