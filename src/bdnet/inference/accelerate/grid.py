"""Positions of the cells of a network's output on a frame, at any stride."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.types import CELL, Size


class Grid(NamedTuple):
    """How a map of rows x columns cells covers a frame.

    rows, columns: of the map
    extent:        pixels that the whole map covers: the frame's size, or more where the network
                   was given a padded picture; the frame is the upper left part
    corners:       the centres of the outer cells are the outer pixels (`align_corners=True`);
                   else cells are equal shares of the extent, as everywhere else in torch
    """

    rows: int
    columns: int
    extent: Size
    corners: bool = False

    @property
    def stride(self) -> tuple[float, float]:
        """Pixels from one cell to the next, down and across."""
        sides = zip(self.extent, (self.rows, self.columns), strict=True)
        down, across = (_stride(size, cells, self.corners) for size, cells in sides)
        return down, across

    def centres(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """The pixel, counted from 0, at the centre of each row and each column; float32."""
        steps = zip(self.stride, (self.rows, self.columns), strict=True)
        down, across = (
            torch.arange(cells, device=device, dtype=torch.float32) * stride
            + (0 if self.corners else (stride - 1) / 2)
            for stride, cells in steps
        )
        return down, across


def _stride(size: int, cells: int, corners: bool) -> float:
    return (size - 1) / max(cells - 1, 1) if corners else size / cells


def finer(scores: Tensor, grid: Grid, stride: float) -> tuple[Tensor, Grid]:
    """Scores [b, c, rows, columns], bilinear, on a grid of at most `stride` pixels per cell.

    What lies in cells of 8 pixels is blurred by every warp more than what lies in those of 4.
    """
    factors = [_doublings(pixels, stride) for pixels in grid.stride]
    if factors == [1, 1]:
        return scores, grid
    rows, columns = (
        (cells - 1) * factor + 1 if grid.corners else cells * factor
        for cells, factor in zip((grid.rows, grid.columns), factors, strict=True)
    )
    scores = functional.interpolate(
        scores, (rows, columns), mode="bilinear", align_corners=grid.corners
    )
    return scores, grid._replace(rows=rows, columns=columns)


def _doublings(pixels: float, stride: float) -> int:
    """The power of two that divides one stride down to the other or below."""
    return 1 << max(0, math.ceil(math.log2(pixels / stride)))


def at_grid(blocks: Tensor, grid: Grid) -> Tensor:
    """Values [b, c, rows, columns] of the codec's 8x8 cells -> of the grid's cells, bilinear."""
    for axis, centres in zip((-2, -1), grid.centres(blocks.device), strict=True):
        position = ((centres - (CELL - 1) / 2) / CELL).clamp(0, blocks.shape[axis] - 1)
        first = position.floor()
        share = position - first
        if axis == -2:
            share = share[:, None]
        first = first.long()
        second = (first + 1).clamp(max=blocks.shape[axis] - 1)
        blocks = torch.lerp(
            blocks.index_select(axis, first), blocks.index_select(axis, second), share
        )
    return blocks
