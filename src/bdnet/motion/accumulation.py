"""Motion fields composed over time."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.types import CELL

# a vector of a quarter pixel in x and y gives a cell's diagonal neighbour the weight 1/1024;
# rounding errors are far smaller
WHOLE = 1 - 1 / 2048


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
    count = math.prod(leading)  # -1 would be ambiguous without steps
    fields = motion.reshape(count, steps, 2, height, width).float()
    is_valid = valid.reshape(count, steps, height, width)
    field = fields.new_zeros(count, 2, height, width)
    is_chained = is_valid.new_ones(count, height, width)
    for step in range(steps):
        looked_up = _look_up(torch.cat([field, is_chained[:, None].float()], 1), fields[:, step])
        field = fields[:, step] + looked_up[:, :2]
        is_chained = is_valid[:, step] & (looked_up[:, 2] > WHOLE)
    return (
        field.reshape(*leading, 2, height, width).to(motion.dtype),
        is_chained.reshape(*leading, height, width),
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
