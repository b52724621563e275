"""Maps at any stride, moved along the codec's vectors."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.inference.accelerate.grid import Grid, at_grid


def moved(maps: Tensor, field: Tensor, grid: Grid, kernel: str = "linear") -> Tensor:
    """Maps [1, c, rows, columns] at the places that a field [1, 2, h, w] of 8x8 cells points to.

    field:  pixels (x, y): the content at p came from p + field
    kernel: linear, cubic, or nearest
    """
    field = at_grid(field.float(), grid)
    down, across = grid.stride
    device = maps.device
    y = torch.arange(grid.rows, device=device, dtype=torch.float32)[:, None] + field[0, 1] / down
    x = torch.arange(grid.columns, device=device, dtype=torch.float32) + field[0, 0] / across
    if maps.device.type == "cpu" and kernel == "linear":
        return _gathered(maps, y, x)
    # grid_sample counts from -1 to 1 between the outer edges of the outer cells
    places = torch.stack([(x + 0.5) * (2 / grid.columns) - 1, (y + 0.5) * (2 / grid.rows) - 1], -1)
    mode = {"linear": "bilinear", "cubic": "bicubic", "nearest": "nearest"}[kernel]
    return functional.grid_sample(
        maps, places[None], mode, padding_mode="border", align_corners=False
    )


def _gathered(maps: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """The same by sums of rows of memory, one of which holds all values of a cell."""
    channels, rows, columns = maps.shape[1:]
    y, x = y.clamp(0, rows - 1), x.clamp(0, columns - 1)
    top, left = y.floor(), x.floor()
    below, right = y - top, x - left
    top, left = top.long(), left.long()
    bottom, last = (top + 1).clamp(max=rows - 1), (left + 1).clamp(max=columns - 1)
    cells = [row * columns + column for row in (top, bottom) for column in (left, last)]
    shares = [down * across for down in (1 - below, below) for across in (1 - right, right)]
    table = maps[0].permute(1, 2, 0).reshape(-1, channels)
    sums = functional.embedding_bag(
        torch.stack(cells, -1).view(-1, 4),
        table,
        mode="sum",
        per_sample_weights=torch.stack(shares, -1).view(-1, 4),
    )
    return sums.view(1, rows, columns, channels).permute(0, 3, 1, 2)
