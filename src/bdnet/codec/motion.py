"""Block motion vectors as a field, and fields composed over time."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bdnet.clip import CELL, cells

HOLE = np.iinfo(np.int64).min  # no vector is that long
# a quarter pixel both ways takes 1/1024 of a cell's diagonal neighbour; rounding takes far less
WHOLE = 1 - 1 / 2048


def rasterise(
    records: NDArray[Any], height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
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
    block, place, vector = _columns(records)
    past = block.view(np.int32)[::2] < 0  # the field `source`
    if not past.all():
        block, place, vector = block[past], place[past], vector[past]
    width, height = (block.view(np.uint8)[byte::8] for byte in (4, 5))
    # signed and wide enough: centres may lie left of or above the picture
    left, top = (place.view(np.int16)[half::4].astype(np.int64) for half in (1, 2))
    left = (left - (width >> 1)) >> 3
    top = (top - (height >> 1)) >> 3
    right, bottom = left + (width > CELL), top + (height > CELL)
    inside = (left >= 0) & (right < columns) & (top >= 0) & (bottom < rows)
    if not inside.all():  # only in a damaged stream
        left, right, top, bottom, vector = (
            each[inside] for each in (left, right, top, bottom, vector)
        )
    top *= columns
    bottom *= columns
    # a block's four corners; those of a small block are the same cell
    cells.reshape(-1)[np.stack([top + left, top + right, bottom + left, bottom + right])] = vector


def _columns(records: NDArray[Any]) -> tuple[NDArray[np.int64], ...]:
    """Three of the five 8-byte words of each record, one after the other in memory.

    Field by field would walk through all 40 bytes of every record ten times.

        0 source w h src_x | 8 src_y dst_x dst_y - | 16 flags | 24 motion_x motion_y | 32 scale -
    """
    words = np.frombuffer(records, np.int64).reshape(-1, 5)
    return tuple(np.ascontiguousarray(words[:, word]) for word in (0, 1, 3))


def accumulate(motion: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Composes the fields of consecutive frames into one, from the last frame back to the first.

    motion [..., n, 2, h, w] in pixels and valid bool [..., n, h, w] hold one field per step, the
    oldest first; the result is [..., 2, h, w] and [..., h, w]:

        D_t(p) = v_t(p) + D_{t-1}(p + v_t(p)),   D_0 = 0

    bilinear between cells, the border repeated. A cell stays valid only while every cell that its
    path touches is valid.
    """
    if motion.ndim < 4 or motion.shape[-3] != 2:
        raise ValueError(f"motion must be [..., n, 2, h, w], not {list(motion.shape)}")
    if valid.shape != motion.shape[:-3] + motion.shape[-2:]:
        raise ValueError(
            f"valid must be {[*motion.shape[:-3], *motion.shape[-2:]]} to go with motion "
            f"{list(motion.shape)}, not {list(valid.shape)}"
        )
    *leading, steps, _, height, width = motion.shape
    count = math.prod(leading)  # -1 says nothing where there are no steps
    fields = motion.reshape(count, steps, 2, height, width).float()
    trust = valid.reshape(count, steps, height, width)
    field = fields.new_zeros(count, 2, height, width)
    whole = trust.new_ones(count, height, width)
    for step in range(steps):
        looked_up = _look_up(torch.cat([field, whole[:, None].float()], 1), fields[:, step])
        field = fields[:, step] + looked_up[:, :2]
        whole = trust[:, step] & (looked_up[:, 2] > WHOLE)
    return (
        field.reshape(*leading, 2, height, width).to(motion.dtype),
        whole.reshape(*leading, height, width),
    )


def _look_up(cells: Tensor, motion: Tensor) -> Tensor:
    """cells [b, c, h, w] at each cell's position plus motion [b, 2, h, w] (pixels)."""
    height, width = cells.shape[-2:]
    rows = torch.arange(height, device=cells.device, dtype=torch.float32)[:, None]
    columns = torch.arange(width, device=cells.device, dtype=torch.float32)
    # grid_sample counts from -1 to 1 between the outer edges of the outer cells
    x = (columns + motion[:, 0] / CELL + 0.5) * (2 / width) - 1
    y = (rows + motion[:, 1] / CELL + 0.5) * (2 / height) - 1
    grid = torch.stack([x, y], -1)
    return functional.grid_sample(cells, grid, padding_mode="border", align_corners=False)
