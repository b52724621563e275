"""Intersection over union, by the distance from the keyframe."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bdnet.metrics.base import CountMetric, count
from bdnet.types import IGNORE


def iou(confusion: Tensor) -> Tensor:
    """[classes] of a confusion matrix [true, predicted]; nan for a class that never occurs.

    It may have a last column more, of guesses that are no class.
    """
    hits = confusion.diagonal().double()
    union = confusion.sum(0)[: len(hits)] + confusion.sum(1) - hits
    return torch.where(union > 0, hits / union, torch.nan)


def confusion_of(truth: NDArray[np.uint8], guess: NDArray[np.generic], classes: int) -> Tensor:
    """Pixels by class, int64 [true, guessed or no class], of label maps of one size."""
    is_known = truth != IGNORE
    guesses = np.minimum(guess[is_known], classes).astype(np.int64)
    pairs = truth[is_known] * np.int64(classes + 1) + guesses
    counts = np.bincount(pairs, minlength=classes * (classes + 1))
    return torch.from_numpy(counts).view(classes, classes + 1)


class OffsetScores(NamedTuple):
    """Of offsets d = 0..k-1, all as shares of 1.

    miou:   by d, the mean over classes that occur; nan where no frame had that offset
    iou:    by d, [classes], nan for a class that never occurs
    avg_k:  mean of miou over d = 0..k-1
    avg:    mean of miou over d = 1..k-1
    last_k: miou at d = k-1

    A mean is nan where one of its offsets was never seen: over fewer it would be another quantity.
    """

    miou: tuple[Tensor, ...]
    iou: tuple[Tensor, ...]
    avg_k: Tensor
    avg: Tensor
    last_k: Tensor


class SegmentationByOffset(CountMetric):
    """One confusion matrix over the data set per offset d; matrices are never added over d.

    classes:  how many
    interval: k
    """

    confusion: Tensor

    def __init__(self, classes: int, interval: int) -> None:
        super().__init__(classes)
        self.interval = interval
        self.add_counts("confusion", shape=(interval, classes, classes))  # [d, true, predicted]

    def update(self, prediction: Tensor, labels: Tensor, offset: Tensor) -> None:
        """Classes [b, H, W] predicted and true (255: void), and the offset [b] of each."""
        self.check(prediction, labels)
        if not bool(((offset >= 0) & (offset < self.interval)).all()):
            raise ValueError(f"offsets {offset.tolist()}: 0..{self.interval - 1} are counted")
        cells = self.confusion.numel()
        row = offset[:, None, None] * self.classes + labels
        cell = (row * self.classes + prediction).where(labels != IGNORE, cells)
        counts = count(cell.flatten(), cells + 1)[:-1]  # the last is void's
        self.confusion += counts.view_as(self.confusion)

    def compute(self) -> OffsetScores:
        by_class = tuple(iou(matrix) for matrix in self.confusion)
        miou = torch.stack([values.nanmean() for values in by_class])
        return OffsetScores(tuple(miou), by_class, miou.mean(), miou[1:].mean(), miou[-1])
