"""From a network's stride to the picture's size."""

import math

from torch import Tensor
from torch.nn import functional


def upsample(logits: Tensor, height: int, width: int) -> Tensor:
    """[b, c, h, w] at any stride that is a power of two -> [b, c, height, width].

    Cell i keeps its centre at pixel stride * i + (stride - 1) / 2 where the last cell hangs over
    the edge; resizing to height x width in one go would shift it.
    """
    stride = max(
        stride_of(size, cells)
        for size, cells in zip((height, width), logits.shape[-2:], strict=True)
    )
    return enlarge(logits, stride)[..., :height, :width]


def label_map(logits: Tensor, height: int, width: int) -> Tensor:
    """[b, c, h, w] at any stride that is a power of two -> int64 [b, height, width] of classes."""
    # argmax finds the same more slowly on a processor
    return upsample(logits, height, width).max(1).indices


def enlarge(cells: Tensor, factor: int) -> Tensor:
    """[b, c, h, w] -> [b, c, factor h, factor w], bilinear between cell centres."""
    if factor == 1:
        return cells
    size = [factor * each for each in cells.shape[-2:]]
    return functional.interpolate(cells, size, mode="bilinear", align_corners=False)


def stride_of(size: int, cells: int) -> int:
    """Pixels of a cell, a power of two, where so many cells hold so many pixels."""
    return 1 << max(0, math.ceil(math.log2(size / cells)))
