"""Labels, students and teachers on one grid, and means over the pixels that count."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.clip import IGNORE


def resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """[b, c, h, w] on a grid of another size, bilinear between the centres of its cells."""
    if tuple(maps.shape[-2:]) == size:
        return maps
    return functional.interpolate(maps, size, mode="bilinear", align_corners=False)


def to_larger(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    """Both [b, c, h, w], bilinear to the larger of their grids."""
    height, width = (
        max(sizes) for sizes in zip(student.shape[-2:], teacher.shape[-2:], strict=True)
    )
    return resized(student, (height, width)), resized(teacher, (height, width))


def labels_at(labels: Tensor, size: tuple[int, int]) -> Tensor:
    """[b, h, w]: each cell has the label of the pixel at its centre, of [b, H, W]."""
    rows, columns = (
        (2 * torch.arange(count, device=labels.device) + 1) * pixels // (2 * count)
        for count, pixels in zip(size, labels.shape[-2:], strict=True)
    )
    return labels[:, rows[:, None], columns]


def counted(labels: Tensor, size: tuple[int, int]) -> Tensor:
    """Bool [b, h, w]: the cells in which a teacher is followed.

    Those without void at their centre; all, where a sample has no labels.
    """
    unlabelled = (labels == IGNORE).flatten(1).all(1)
    return (labels_at(labels, size) != IGNORE) | unlabelled[:, None, None]


def mean_over(values: Tensor, counts: Tensor) -> Tensor:
    """The mean where counts is true; 0, with a graph, where it is nowhere."""
    return torch.where(counts, values, 0).sum() / counts.sum().clamp(min=1)


def unit(vectors: Tensor, dim: int = 1) -> Tensor:
    """Vectors scaled to length 1; those shorter than 0.001 stay shorter, to bound the gradient."""
    return functional.normalize(vectors, dim=dim, eps=1e-3)
