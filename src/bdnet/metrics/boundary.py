"""How well predicted outlines fit the true ones."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.metrics.base import CountMetric, count
from bdnet.types import IGNORE

DIAGONAL = math.hypot(1024, 2048)  # pixels, of the size at which tolerances are given
LOWEST = -IGNORE - 1  # below every class and its negative
WORD = 31  # bits of an int32 beside its sign


class ClassScores(NamedTuple):
    """mean over the classes that occur; by_class [classes], nan for those that do not."""

    mean: Tensor
    by_class: Tensor

    @classmethod
    def of(cls, by_class: Tensor) -> "ClassScores":
        return cls(by_class.nanmean(), by_class)


def near_other(maps: Tensor, reach: int) -> Tensor:
    """Bool [b, H, W]: a pixel with a class, and another class at most reach rows and columns away.

    Void is no other class: it neither makes an outline nor hides one that lies behind it.
    """
    void = maps == IGNORE
    values = maps.short()
    high = _highest(values.masked_fill(void, LOWEST), reach)
    low = -_highest(-values, reach)  # void is above every class, so the lowest is a class
    return (high != low) & ~void


def _highest(values: Tensor, reach: int) -> Tensor:
    """int16 [b, H, W]: over the square around each pixel, along rows and then along columns.

    Windows double until they are wide enough; pooling takes several times as long on a CPU.
    """
    window = 2 * reach + 1
    for dim, padding in ((2, (reach, reach)), (1, (0, 0, reach, reach))):
        values = functional.pad(values, padding, value=LOWEST)
        covered = 1
        while covered < window:
            step = min(covered, window - covered)
            kept = values.shape[dim] - step
            values = values.narrow(dim, 0, kept).maximum(values.narrow(dim, step, kept))
            covered += step
    return values


class BoundaryIoU(CountMetric):
    """Intersection over union of the inner bands of true and predicted masks.

    A band is a class's mask minus its erosion by n = max(1, round(0.005 diagonal)) steps of 3x3:
    the pixels with something else at most n rows and columns away. As in the published
    measure (Cheng et al. 2021), the outside of the picture is something else, so a mask has a band
    along the picture's border too. Void is taken out of both maps.
    """

    intersection: Tensor
    union: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__(classes)
        self.add_counts("intersection", "union", shape=(classes,))

    def update(self, prediction: Tensor, labels: Tensor) -> None:
        """Classes [b, H, W] predicted and true (255: void)."""
        self.check(prediction, labels)
        guess = prediction.where(labels != IGNORE, IGNORE)
        true_band, band = self._band(labels), self._band(guess)
        hits = count(labels[true_band & band & (labels == guess)], self.classes)
        sizes = count(labels[true_band], self.classes) + count(guess[band], self.classes)
        self.intersection += hits
        self.union += sizes - hits

    def compute(self) -> ClassScores:
        hits = self.intersection.double()
        return ClassScores.of(torch.where(self.union > 0, hits / self.union, torch.nan))

    @staticmethod
    def _band(maps: Tensor) -> Tensor:
        height, width = maps.shape[-2:]
        reach = max(1, round(0.005 * math.hypot(height, width)))
        band = near_other(maps, reach)
        rim = torch.ones_like(band)
        rim[:, reach : height - reach, reach : width - reach] = False
        return band | (rim & (maps != IGNORE))


class BoundaryF(CountMetric):
    """F-score of outlines, at distances at which two of them count as the same.

    The outline of a class is its pixels that touch another one (3x3); the picture's border is none.
    Precision is the share of predicted outline pixels with a true one of the same class within the
    Euclidean distance, recall the reverse; both over the data set, per class. Distances are scaled
    by the diagonal and rounded up, which gives 3, 5, 9 and 12 at 1024x2048.

    pixels: distances at 1024x2048
    """

    correct: Tensor
    predicted: Tensor
    recalled: Tensor
    true: Tensor

    def __init__(self, classes: int, pixels: tuple[int, ...] = (3, 5, 9, 12)) -> None:
        super().__init__(classes)
        self.pixels = pixels
        self.add_counts("correct", "recalled", shape=(len(pixels), classes))
        self.add_counts("predicted", "true", shape=(classes,))

    def update(self, prediction: Tensor, labels: Tensor) -> None:
        """Classes [b, H, W] predicted and true (255: void)."""
        self.check(prediction, labels)
        guess = prediction.where(labels != IGNORE, IGNORE)
        truth, outline = (
            maps.where(near_other(maps, 1), IGNORE) for maps in (labels.to(guess.dtype), guess)
        )
        scale = math.hypot(*labels.shape[-2:]) / DIAGONAL
        reaches = [math.ceil(round(pixels * scale, 6)) for pixels in self.pixels]
        self.correct += self._matched(outline, truth, reaches)
        self.recalled += self._matched(truth, outline, reaches)
        self.predicted += count(outline[outline != IGNORE], self.classes)
        self.true += count(truth[truth != IGNORE], self.classes)

    def compute(self) -> dict[int, ClassScores]:
        """By the distance at 1024x2048."""
        precision = self.correct.double() / self.predicted.clamp(min=1)
        recall = self.recalled.double() / self.true.clamp(min=1)
        sums = precision + recall
        score = torch.where(sums > 0, 2 * precision * recall / sums, 0.0)
        score = score.where(self.predicted + self.true > 0, torch.nan)
        return dict(zip(self.pixels, map(ClassScores.of, score), strict=True))

    def _matched(self, points: Tensor, outline: Tensor, reaches: list[int]) -> Tensor:
        """[distances, classes]: points within each distance of their class's outline."""
        matched = []
        for first in range(0, self.classes, WORD):  # as many classes at once as a word has bits
            present = (outline >= first) & (outline < first + WORD) & (outline != IGNORE)
            bits = present.int() << (outline - first).clamp(0, WORD - 1).int()
            here = (points >= first) & (points < first + WORD) & (points != IGNORE)
            own = (points - first)[here]
            size = min(WORD, self.classes - first)
            near = [(disc[here] >> own) & 1 > 0 for disc in _dilated(bits, reaches)]
            matched.append(torch.stack([count(own[is_near], size) for is_near in near]))
        return torch.cat(matched, 1)


def _dilated(bits: Tensor, reaches: list[int]) -> Iterator[Tensor]:
    """int32 [b, H, W], for each distance: the bits set anywhere in the disc around a pixel."""
    furthest = max(reaches)
    height, width = bits.shape[-2:]
    padded = functional.pad(bits, (furthest,) * 4)
    rows = [padded[..., furthest : furthest + width]]  # set at most 0, 1, ... columns away
    for step in range(1, furthest + 1):
        left, right = (
            padded[..., start : start + width] for start in (furthest - step, furthest + step)
        )
        rows.append(rows[-1] | left | right)
    for reach in reaches:
        disc = torch.zeros_like(bits)
        for step in range(-reach, reach + 1):
            start = furthest + step
            disc |= rows[math.isqrt(reach**2 - step**2)][:, start : start + height]
        yield disc
