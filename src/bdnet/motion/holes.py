"""Holes of a motion field, filled from around them."""

import torch
from torch import Tensor
from torch.nn import functional

REACHES = (1, 2, 4, 8, 16)  # cells to each side, of ever larger windows


def fill(motion: Tensor, valid: Tensor) -> Tensor:
    """The field [..., 2, h, w] with vectors where valid [..., h, w] is False.

        . . . . .
        . . . v .      a hole takes the mean of the smallest window around it that knows something,
        . . o . .      which is the whole field in the end
        v . . . .

    A vector that is there stays as it is; a field without any stays 0.
    """
    height, width = motion.shape[-2:]
    known = valid.reshape(-1, 1, height, width)
    fields = motion.reshape(-1, 2, height, width).float()
    sums = torch.cat([fields * known, known], 1)
    # sums of all above and to the left: of any window with four of them, exact enough in float64
    table = functional.pad(sums.double().cumsum(-2).cumsum(-1), (1, 0, 1, 0))
    found = _mean(table[..., -1:, -1:].float(), torch.zeros_like(fields))
    for reach in reversed(REACHES):
        rows = _differences(table, -2, height, reach)
        found = _mean(_differences(rows, -1, width, reach).float(), found)
    return torch.where(known, fields, found).reshape(motion.shape)


def _differences(table: Tensor, side: int, size: int, reach: int) -> Tensor:
    """Of running sums: those of the cells within reach of each cell, along one side."""
    places = torch.arange(size, device=table.device)
    after, before = (places + reach + 1).clamp(max=size), (places - reach).clamp(min=0)
    return table.index_select(side, after) - table.index_select(side, before)


def _mean(sums: Tensor, otherwise: Tensor) -> Tensor:
    """The mean vector, of sums and their weight [b, 3, h, w]; another one where that is nothing."""
    weight = sums[:, 2:]
    return torch.where(weight > 0.5, sums[:, :2] / weight.clamp(min=1), otherwise)
