"""Labels, students and teachers on one grid, and means over the pixels that count."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.motion.upsampling import stride_of
from bdnet.types import CELL, IGNORE


def resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    """[b, c, h, w] on a grid of another size, bilinear between the centres of its cells.

    The last cells may hang over the picture: 97 cells of 8 pixels hold 769. The overhang is cut
    off, since squeezing it in would shift the other cells.
    """
    current = tuple(maps.shape[-2:])
    factors = [stride_of(new, old) for new, old in zip(size, current, strict=True)]
    whole = factors[0] * current[0], factors[1] * current[1]
    # more than a cell is no overhang: the grids do not go together
    if any(
        large - new >= max(factor, CELL)
        for large, new, factor in zip(whole, size, factors, strict=True)
    ):
        whole = size[0], size[1]
    if whole != current:
        maps = functional.interpolate(maps, whole, mode="bilinear", align_corners=False)
    return maps[..., : size[0], : size[1]]


def to_larger(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Both [b, c, h, w], bilinear to the larger of their grids."""
    size = [max(sides) for sides in zip(student.shape[-2:], teacher.shape[-2:], strict=True)]
    return resized(student, size), resized(teacher, size)


def labels_at(labels: Tensor, size: Sequence[int]) -> Tensor:
    """[b, h, w]: each cell has the label of the pixel at its centre, of [b, H, W]."""
    rows, columns = (
        _centres(count, pixels).to(labels.device)
        for count, pixels in zip(size, labels.shape[-2:], strict=True)
    )
    return labels[:, rows[:, None], columns]


def _centres(count: int, pixels: int) -> Tensor:
    numbers = torch.arange(count)
    cell = stride_of(pixels, count)
    if count > pixels:
        return (2 * numbers + 1) * pixels // (2 * count)
    return (numbers * cell + cell // 2).clamp(max=pixels - 1)


def is_unlabelled(labels: Tensor) -> Tensor:
    """Bool [b]: samples without any label."""
    return (labels == IGNORE).flatten(1).all(1)


def counted(labels: Tensor, maps: Tensor) -> Tensor:
    """Bool [b, h, w]: the cells of maps [b, c, h, w] in which a student follows its teacher.

    Those with a label at their centre; in an unlabelled sample, all.
    """
    is_known = labels_at(labels, maps.shape[-2:]) != IGNORE
    return is_known | is_unlabelled(labels)[:, None, None]


def mean_over(values: Tensor, counts: Tensor) -> Tensor:
    """The mean where `counts` is true; 0, with a gradient, if it is nowhere."""
    return torch.where(counts, values, 0).sum() / counts.sum().clamp(min=1)


def unit(vectors: Tensor, dim: int = 1) -> Tensor:
    """Vectors scaled to length 1; those shorter than 0.001 stay shorter, to bound the gradient."""
    return functional.normalize(vectors, dim=dim, eps=1e-3)
