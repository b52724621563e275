"""Score maps at a network's stride -> classes of every pixel, exactly as by plain upsampling."""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bdnet.inference.accelerate.grid import Grid
from bdnet.inference.accelerate.patches import ROUNDING, Patches, PixelsBetween, pixels_between
from bdnet.types import Size

PATCHES = 2048  # computed at once, so that their scores stay in a processor's cache
CLASSES_AT_ONCE = 16  # of plain upsampling: 128 MB at 1024x2048
# torch interpolates fewer channels than that in another order of sums
FEWEST = 4
FINEST = 1.9  # pixels per cell; below it plain upsampling is faster


def upsampled(scores: Tensor, grid: Grid, size: Size) -> Tensor:
    """[b, c, rows, columns] -> [b, c, *size], as networks upsample their own output."""
    if scores.shape[-2:] != grid.extent:
        scores = functional.interpolate(
            scores, grid.extent, mode="bilinear", align_corners=grid.corners
        )
    return scores[..., : size[0], : size[1]]


def best_classes(scores: Tensor, grid: Grid, size: Size) -> Tensor:
    """The plain way: int64 [*size] of scores [1, c, rows, columns], the first where two are equal.

    Not all classes at once, so that 150 of them at 1024x2048 do not take 1.3 GB.
    """
    best = classes = None
    first, count = 0, scores.shape[1]
    while first < count:
        last = first + CLASSES_AT_ONCE
        last = count if count - last < FEWEST else last
        value, number = upsampled(scores[:, first:last], grid, size)[0].max(0)
        number += first
        if best is None or classes is None:
            best, classes = value, number
        else:
            classes = torch.where(value > best, number, classes)
            best = torch.maximum(value, best)
        first = last
    assert classes is not None
    return classes


class LabelMaps:
    """Label maps of one size from score maps of one grid."""

    def __init__(self, grid: Grid, size: Size) -> None:
        self.grid, self.size = grid, size

    def __call__(self, scores: Tensor) -> NDArray[Any]:
        """[1, c, rows, columns] -> what `best_classes` gives, uint8; int16 of over 255 classes."""
        is_coarse = min(self.grid.stride) >= FINEST
        if scores.device.type == "cpu" and scores.shape[1] > 1 and is_coarse:
            classes = self.by_patches(scores)
        else:  # maps of the frame's size cost little, or most patches lie on an outline
            classes = best_classes(scores, self.grid, self.size)
        narrow = torch.uint8 if scores.shape[1] <= np.iinfo(np.uint8).max else torch.int16
        labels: NDArray[Any] = classes.to(narrow).cpu().numpy()
        return labels

    def by_patches(self, scores: Tensor) -> Tensor:
        """The same as int16, most of it without scores of the frame's size.

        Between the centres of four cells scores are weighted means of theirs:

            o-------o-------o      o: centres of cells
            |  road |   ?   |      one class is the best of all four: it is, of every pixel there
            o-------o-------o      ?: a patch of several, whose pixels are looked at

        A pixel at which rounding decides between classes is looked at again, by plain upsampling
        of these.
        """
        down, across = self._axes
        winner, is_decided = _winners(scores, down, across)
        labels = winner.index_select(1, across.gap).index_select(0, down.gap)
        flat = labels.view(-1)
        table = scores[0].permute(1, 2, 0).contiguous()
        doubtful: list[Tensor] = []
        suspects = torch.zeros(scores.shape[1], dtype=torch.bool)
        for row, column in (
            chunk.unbind(1) for chunk in torch.split((~is_decided).nonzero(), PATCHES)
        ):
            pixels = self._pixels(row, column)
            decision = Patches(table, down, across, row, column).decide()
            flat[pixels.view(-1)] = decision.classes.view(-1)
            doubtful.append(pixels[decision.doubtful])
            suspects |= decision.suspects
        if suspects.any():
            pixels = torch.cat(doubtful)
            flat[pixels] = self._plainly(scores, suspects, pixels)
        return labels

    @cached_property
    def _axes(self) -> tuple[PixelsBetween, PixelsBetween]:
        cells = self.grid.rows, self.grid.columns
        down, across = (
            pixels_between(*side, self.grid.corners)
            for side in zip(cells, self.grid.extent, self.size, strict=True)
        )
        return down, across

    def _pixels(self, row: Tensor, column: Tensor) -> Tensor:
        """For patches, the numbers [n, pixels down, pixels across] of their pixels in the frame."""
        down, across = self._axes
        return down.pixels[row][:, :, None] * self.size[1] + across.pixels[column][:, None, :]

    def _plainly(self, scores: Tensor, chosen: Tensor, pixels: Tensor) -> Tensor:
        """The best of some classes at some pixels; bool [classes], and numbers of pixels."""
        missing = max(0, min(FEWEST, len(chosen)) - int(chosen.sum()))
        chosen[(~chosen).nonzero()[:missing]] = True
        numbers = chosen.nonzero()[:, 0]
        scores = scores[:, numbers]
        rows = pixels // self.size[1]
        stride = self._whole_stride
        if stride is None:
            best = best_classes(scores, self.grid, self.size).view(-1)[pixels]
            return numbers[best].short()
        # torch does the same sums for a few rows of cells as for all
        best, first = torch.empty_like(pixels), (rows // stride - 1).clamp(min=0)
        for cell in torch.unique(first).tolist():
            part = scores[:, :, cell : cell + 4]
            extent = part.shape[2] * stride, self.grid.extent[1]
            # argmax finds the same more slowly
            classes = upsampled(part, self.grid._replace(extent=extent), extent)[0].max(0).indices
            here = first == cell
            best[here] = classes[rows[here] - cell * stride, pixels[here] % self.size[1]]
        return numbers[best].short()

    @property
    def _whole_stride(self) -> int | None:
        """Pixels from row to row of cells, where that is a power of two: there positions are exact.

        None too where frames are so small that torch interpolates them in another order of sums.
        """
        stride = int(self.grid.stride[0])
        is_whole = stride * self.grid.rows == self.grid.extent[0] and stride.bit_count() == 1
        return stride if is_whole and not self.grid.corners and self.size[1] > 128 else None


def _winners(scores: Tensor, down: PixelsBetween, across: PixelsBetween) -> tuple[Tensor, Tensor]:
    """For every patch, the best class at its first corner, int16, and whether it is everywhere."""
    two = scores[0].topk(2, dim=0)
    lead, size = two.values[0] - two.values[1], two.values.abs().amax(0)
    winner, is_safe = two.indices[0].short(), lead > ROUNDING * size
    first, *others = (
        winner.index_select(0, row).index_select(1, column)
        for row in (down.before, down.after)
        for column in (across.before, across.after)
    )
    is_safe = is_safe.index_select(0, down.before) & is_safe.index_select(0, down.after)
    is_safe = is_safe.index_select(1, across.before) & is_safe.index_select(1, across.after)
    for corner in others:
        is_safe &= corner == first
    return first, is_safe
