"""Warps maps of any stride along the motion vectors."""

from typing import Literal

import torch
from torch import Tensor

from bdnet.inference.accelerate.grid import Grid, at_grid
from bdnet.motion.kernel import Kernel
from bdnet.motion.warp import sample, to_channels_last


def moved(
    maps: Tensor, field: Tensor, grid: Grid, kernel: Kernel | Literal["nearest"] = "linear"
) -> Tensor:
    """Maps [1, c, rows, columns] at the positions that a field [1, 2, h, w] of 8x8 cells points to.

    field:  pixels (x, y): the content at p came from p + field
    kernel: linear, cubic, or nearest
    """
    field = at_grid(field.float(), grid)
    down, across = grid.stride
    device = maps.device
    y = torch.arange(grid.rows, device=device, dtype=torch.float32)[:, None] + field[0, 1] / down
    x = torch.arange(grid.columns, device=device, dtype=torch.float32) + field[0, 0] / across
    if kernel == "nearest":
        row = y.round().long().clamp(0, grid.rows - 1)
        return maps[:, :, row, x.round().long().clamp(0, grid.columns - 1)]
    return sample(to_channels_last(maps), x[None], y[None], kernel)
