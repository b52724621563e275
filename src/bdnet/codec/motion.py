"""Block motion vectors -> a field on a grid of cells."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bdnet.types import CELL, cells

Field = tuple[NDArray[np.float32], NDArray[np.bool_]]  # motion and valid, as in Frame

HOLE = np.iinfo(np.int64).min  # no vector has this value


def rasterise(records: NDArray[Any], height: int, width: int) -> Field:
    """Paints libavcodec's block records into the grid of 8x8 cells of a height x width picture.

    Returns motion float32 [2, ceil(H/8), ceil(W/8)] in pixels and valid bool of the same grid.
    Records that point to the future (B-frames) are left out: a hole, unless the block has a past
    vector too.

         block 16x8, centre (dst_x, dst_y)          its two cells
         +-------+-------+
         |       x       |   ->  left = (dst_x - 8) // 8, top = (dst_y - 4) // 8
         +-------+-------+
    """
    # whole macroblocks: the coded picture is larger than the shown one
    rows, columns = (2 * (-(-size // 16)) for size in (height, width))
    painted = np.full((rows, columns), HOLE)
    scale = 1
    if len(records):
        scale = int(records["motion_scale"][0])  # one value per stream, in every codec
        _paint(records, painted)
    shown = np.ascontiguousarray(painted[: cells(height), : cells(width)])
    valid = shown != HOLE
    shown *= valid
    motion = np.empty((2, *shown.shape), np.float32)
    pairs = shown.view(np.int32).reshape(*shown.shape, 2)
    motion[0], motion[1] = pairs[..., 0], pairs[..., 1]
    motion *= np.float32(1 / scale)  # a power of two
    return motion, valid


def _paint(records: NDArray[Any], cells: NDArray[np.int64]) -> None:
    """Writes each record's vector, both components as one number, into the cells of its block."""
    rows, columns = cells.shape
    block, centre, vector = _columns(records)
    past = block.view(np.int32)[::2] < 0  # the field `source`
    if not past.all():
        block, centre, vector = block[past], centre[past], vector[past]
    width, height = (block.view(np.uint8)[byte::8] for byte in (4, 5))
    # signed and wide enough: centres may lie left of or above the picture
    left, top = (centre.view(np.int16)[half::4].astype(np.int64) for half in (1, 2))
    left = (left - (width >> 1)) >> 3
    top = (top - (height >> 1)) >> 3
    right, bottom = left + (width > CELL), top + (height > CELL)
    inside = (left >= 0) & (right < columns) & (top >= 0) & (bottom < rows)
    if not inside.all():  # only in a damaged stream
        left, right, top, bottom, vector = (
            values[inside] for values in (left, right, top, bottom, vector)
        )
    top *= columns
    bottom *= columns
    # a block's four corners; those of a small block are the same cell
    cells.reshape(-1)[np.stack([top + left, top + right, bottom + left, bottom + right])] = vector


def _columns(records: NDArray[Any]) -> tuple[NDArray[np.int64], ...]:
    """Three of the five 8-byte words of each record, one after the other in memory.

    Reading field by field would go through all 40 bytes of every record ten times.

        0 source w h src_x | 8 src_y dst_x dst_y - | 16 flags | 24 motion_x motion_y | 32 scale -
    """
    words = np.frombuffer(records, np.int64).reshape(-1, 5)
    return tuple(np.ascontiguousarray(words[:, word]) for word in (0, 1, 3))
