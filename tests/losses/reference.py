"""What tests of loss terms share: small random cases, and slow literal pieces of formulas.

A reference is a function of a NumPy student, teacher and labels that follows a formula with loops
over pixels, in float64. `check_formula` holds a term against it.
"""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bdnet.losses import Loss
from bdnet.types import IGNORE, Clip, Prediction

Array = NDArray[np.float64]
Reference = Callable[[SimpleNamespace, SimpleNamespace, NDArray[np.int64]], float]

CLASSES, GROUPS = 4, 4
both_precisions = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)


class Case(NamedTuple):
    student: Prediction
    teacher: Prediction
    clip: Clip

    def like(self, dtype: torch.dtype) -> "Case":
        """Predictions rounded to a precision, as leaves that ask for gradients."""
        student, teacher = (
            leaves(prediction, lambda part: part.detach().to(dtype)) for prediction in self[:2]
        )
        return Case(student, teacher, self.clip)

    def labelled(self, labels: Tensor) -> "Case":
        return self._replace(clip=self.clip._replace(labels=labels))

    def picked(self, numbers: list[int]) -> "Case":
        """The samples of these numbers, as a batch."""
        return Case(
            *(Prediction._make(part[numbers] for part in prediction) for prediction in self[:2]),
            Clip._make(part[numbers] for part in self.clip),
        )


def leaves(prediction: Prediction, change: Callable[[Tensor], Tensor]) -> Prediction:
    """A prediction whose numbers are changed, and ask for gradients."""
    return Prediction._make(
        change(part).requires_grad_() if part.is_floating_point() else part for part in prediction
    )


def case(seed: int = 0, batch: int = 3, twins: bool = False) -> Case:
    """A student at 1/8, a teacher at 1/4 of 32x40 with other channels (twins: both alike).

    Labels are blocks of 4x4 and single pixels; a corner and some of the pixels are void.
    """
    rng = torch.Generator().manual_seed(seed)
    height, width = 32, 40

    def drawn(channels: int, stride: int) -> Tensor:
        shape = batch, channels, height // stride, width // stride
        return torch.randn(shape, generator=rng).requires_grad_()

    def classes(stride: int) -> Tensor:
        shape = batch, height // stride, width // stride
        return torch.randint(CLASSES, shape, generator=rng)

    blocks = classes(4).repeat_interleave(4, 1).repeat_interleave(4, 2)
    labels = blocks.where(torch.rand(blocks.shape, generator=rng) < 0.99, classes(1))
    labels = labels.where(torch.rand(blocks.shape, generator=rng) < 0.98, IGNORE)
    labels[:, :17, :13] = IGNORE
    student = Prediction(drawn(CLASSES, 8), drawn(6, 8), drawn(1, 4))
    teacher = Prediction(drawn(CLASSES, 4), drawn(10, 4), drawn(1, 4))
    student, teacher = (
        outputs._replace(
            flow=drawn(2, 8),
            auxiliary=drawn(CLASSES, 8),
            single_path=drawn(CLASSES, stride),
            group=functional.one_hot(torch.arange(batch) * 2 % GROUPS, GROUPS).bool(),
        )
        for outputs, stride in ((student, 8), (teacher, 4))
    )
    groups = torch.stack([drawn(CLASSES, 4) for _ in range(GROUPS)], 1)
    teacher = teacher._replace(groups=groups.detach().requires_grad_())
    student = student._replace(  # a twin's groups predict what its path does
        groups=student.single_path.detach()[:, None].expand(-1, GROUPS, -1, -1, -1).clone()
    )
    grid = batch, 4, height // 8, width // 8
    clip = Clip(
        images=torch.zeros(batch, 2, 3, height, width),
        motion=torch.randn(batch, 4, 2, *grid[2:], generator=rng),
        valid=torch.ones(grid, dtype=torch.bool),
        labels=labels,
        offset=torch.arange(batch) % 4 + 1,
    )
    twin = leaves(student, lambda part: part.detach().clone())
    return Case(student, twin if twins else teacher, clip)


def check_formula(term: Loss, reference: Reference, dtype: torch.dtype, seed: int = 0) -> None:
    """A term says what its formula says, with voids and with an unlabelled sample."""
    given = case(seed).like(dtype)
    unlabelled = given.clip.labels.clone()
    unlabelled[1] = IGNORE
    for labels in (given.clip.labels, unlabelled):
        value = term(given.student, given.teacher, given.clip._replace(labels=labels))
        assert value.dtype == torch.float32
        student, teacher = (
            SimpleNamespace(
                **{name: part.detach().double().numpy() for name, part in outputs._asdict().items()}
            )
            for outputs in (given.student, given.teacher)
        )
        expected = reference(student, teacher, labels.numpy())
        assert expected > 1e-4  # a case that says something
        assert value.item() == pytest.approx(expected, rel=1e-4)


def softmax(vector: Array) -> Array:
    powers = np.exp(vector - vector.max())
    return powers / powers.sum()


def cosine(a: Array, b: Array) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def bilinear(maps: Array, size: tuple[int, int]) -> Array:
    """[b, c, h, w] at the centres of the cells of another grid, with the border held."""
    rows, columns = maps.shape[-2:]
    result = np.empty((*maps.shape[:2], *size))
    for i in range(size[0]):
        for j in range(size[1]):
            y = min(max((i + 0.5) * rows / size[0] - 0.5, 0), rows - 1)
            x = min(max((j + 0.5) * columns / size[1] - 0.5, 0), columns - 1)
            top, left = int(y), int(x)
            down, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            above = maps[..., top, left] * (left + 1 - x) + maps[..., top, right] * (x - left)
            below = maps[..., down, left] * (left + 1 - x) + maps[..., down, right] * (x - left)
            result[..., i, j] = above * (top + 1 - y) + below * (y - top)
    return result


def label_of(labels: NDArray[np.int64], cell: tuple[int, int], size: tuple[int, int]) -> int:
    """Of one sample [H, W]: the label of the pixel at the centre of a cell.

    Cells are 1, 2, 4, 8, ... pixels large, and the last may hang over the border; those of a grid
    that is finer than the labels are parts of a pixel.
    """

    def centre(number: int, pixels: int, count: int) -> int:
        size = 2 ** math.ceil(math.log2(pixels / count)) if count <= pixels else pixels / count
        return min(pixels - 1, int((number + 0.5) * size))

    row, column = map(centre, cell, labels.shape, size)
    return int(labels[row, column])


def counted_cells(
    labels: NDArray[np.int64], size: tuple[int, int]
) -> list[tuple[int, int, int, int]]:
    """(sample, row, column, label) of each cell that a term of the teacher counts."""
    return [
        (b, i, j, label_of(labels[b], (i, j), size))
        for b in range(len(labels))
        for i in range(size[0])
        for j in range(size[1])
        if (labels[b] == IGNORE).all() or label_of(labels[b], (i, j), size) != IGNORE
    ]
