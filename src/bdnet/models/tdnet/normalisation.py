"""TDNet's normalisation: each channel over the whole map."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.errors import BadModel


class SpaceNorm(nn.Module):
    """LayerNorm over [h, w] of any size: each channel to mean 0 and variance 1 over space.

    grid: the published networks have a weight and a bias for each place of 97x193 cells, which tie
          them to pictures of 769x1537; here they are resampled to the map's size. None: without
    """

    def __init__(self, grid: tuple[int, int] | None = None) -> None:
        super().__init__()
        if grid is not None and (len(grid) != 2 or min(grid) < 1):
            raise BadModel(f"model.norm_grid={list(grid)}: give rows and columns, as in [97,193]")
        self.weight = None if grid is None else nn.Parameter(torch.ones(tuple(grid)))
        self.bias = None if grid is None else nn.Parameter(torch.zeros(tuple(grid)))

    def forward(self, maps: Tensor) -> Tensor:
        """[b, c, h, w] -> the same"""
        normalised = functional.layer_norm(maps, maps.shape[-2:])
        if self.weight is None or self.bias is None:
            return normalised
        return normalised * _resampled(self.weight, maps) + _resampled(self.bias, maps)


def _resampled(grid: Tensor, maps: Tensor) -> Tensor:
    size = maps.shape[-2:]
    if grid.shape == size:
        return grid
    return functional.interpolate(grid[None, None], size, mode="bilinear", align_corners=True)
