"""Fills the holes of a motion field from the cells around them."""

import torch
from torch import Tensor
from torch.nn import functional

MOST_HOLES = 0.75  # share of cells without a vector above which a field is not used
REACHES = (1, 2, 4, 8, 16)  # cells to each side, of ever larger windows


def fill(motion: Tensor, valid: Tensor) -> Tensor:
    """Fills the field [..., 2, h, w] where valid [..., h, w] is False.

        . . . . .
        . . . v .      a hole o gets the mean of the smallest window around it with a vector v,
        . . o . .      if need be of the whole field
        v . . . .

    Valid vectors stay as they are; a field without any stays 0.
    """
    height, width = motion.shape[-2:]
    known = valid.reshape(-1, 1, height, width)
    fields = motion.reshape(-1, 2, height, width).float()
    sums = torch.cat([fields * known, known], 1)
    # an integral image: four of its sums give that of any window, exact enough in float64
    table = functional.pad(sums.double().cumsum(-2).cumsum(-1), (1, 0, 1, 0))
    filled = _mean(table[..., -1:, -1:].float(), torch.zeros_like(fields))
    for reach in reversed(REACHES):
        rows = _differences(table, -2, height, reach)
        filled = _mean(_differences(rows, -1, width, reach).float(), filled)
    return torch.where(known, fields, filled).reshape(motion.shape)


def _differences(table: Tensor, side: int, size: int, reach: int) -> Tensor:
    """From running sums: the sums over the cells within reach of each cell, along one axis."""
    cells = torch.arange(size, device=table.device)
    after, before = (cells + reach + 1).clamp(max=size), (cells - reach).clamp(min=0)
    return table.index_select(side, after) - table.index_select(side, before)


def _mean(sums: Tensor, otherwise: Tensor) -> Tensor:
    """Mean vectors, from sums and their weight [b, 3, h, w]; `otherwise` where the weight is 0."""
    weight = sums[:, 2:]
    return torch.where(weight > 0.5, sums[:, :2] / weight.clamp(min=1), otherwise)
