"""Scores of the label maps of videos: mIoU and its spread over blocks, lag, objects, motion."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from bdnet.metrics.boundary import BoundaryIoU
from bdnet.metrics.segmentation import confusion_of, iou
from bdnet.types import CELL, IGNORE

Counts = NDArray[np.int64]  # [frames, classes, classes + 1]: truth, guess; the last: no such class

RESAMPLES = 1000
STEADY = 8  # frames
# by the share of the picture that an object covers, at most
SIZES = {"small": 0.001, "medium": 0.01, "large": 1.0}
QUARTERS = 4


def class_iou(counts: Counts) -> NDArray[np.float64]:
    """Of counts [classes, classes + 1]; NaN of a class that is neither there nor guessed."""
    return iou(torch.from_numpy(counts)).numpy()


def miou(counts: Counts) -> float:
    return float(np.nanmean(class_iou(counts)))


def interval_95(runs: Sequence[Counts], every: Counts, block: int) -> tuple[float, float]:
    """95 % of the mean difference in mIoU, over resampled blocks of consecutive frames."""
    starts = range(0, len(every), block)
    sums = [
        np.stack([counts[start : start + block].sum(0) for start in starts])
        for counts in (every, *runs)
    ]
    random = np.random.default_rng(0)
    differences = []
    for _ in range(RESAMPLES):
        chosen = random.integers(0, len(starts), len(starts))
        own, *others = (miou(blocks[chosen].sum(0)) for blocks in sums)
        differences.append(np.mean(others) - own)
    low, high = np.percentile(differences, [2.5, 97.5])
    return float(low), float(high)


def mean_lag(videos: Iterable[tuple[list[NDArray[Any]], list[NDArray[Any]]]]) -> float:
    """Frames until `fast` has a class that `own` changed to and keeps for STEADY frames.

    A change that is not adopted in that time counts as STEADY.
    """
    changes = waited = 0
    for own, fast in videos:
        for index in range(1, len(own) - STEADY + 1):
            is_new = own[index] != own[index - 1]
            for later in own[index + 1 : index + STEADY]:
                is_new &= later == own[index]
            changes += int(is_new.sum())
            for guess in fast[index : index + STEADY]:
                is_new &= guess != own[index]
                waited += int(is_new.sum())
    return waited / max(1, changes)


class Halves(NamedTuple):
    """mIoU where each half of the frames has the memory that is best on the other one.

    memories: chosen on the first half, and on the second
    chosen:   mIoU of the second with the first of these, and of the first with the second; the mean
    without:  the same without memory
    """

    memories: tuple[float, float]
    chosen: float
    without: float


def by_halves(runs: Mapping[float, Sequence[Counts]]) -> Halves:
    """By memory, one of which is 0, the counts of one run for each phase."""

    def mean(memory: float, half: int) -> float:
        middle = len(runs[memory][0]) // 2
        part = slice(None, middle) if half == 0 else slice(middle, None)
        return float(np.mean([miou(counts[part].sum(0)) for counts in runs[memory]]))

    first, second = ({memory: mean(memory, half) for memory in runs} for half in (0, 1))
    best = max(first, key=first.__getitem__), max(second, key=second.__getitem__)
    chosen = (second[best[0]] + first[best[1]]) / 2
    return Halves(best, chosen, (first[0.0] + second[0.0]) / 2)


class Details:
    """Where labels are right: on outlines, on objects by their size, by the motion of a pixel.

    An object is a connected area of a movable class. Quarters of the pixels by the length of their
    vectors, the slowest first.
    """

    def __init__(self, classes: int, movable: Sequence[int], lengths: NDArray[np.float32]) -> None:
        """lengths: of the vectors of all videos, in pixels."""
        self.classes, self.movable = classes, movable
        self.limits = np.quantile(lengths, np.arange(1, QUARTERS) / QUARTERS)
        self._outlines = BoundaryIoU(classes + 1)  # and what is no class of the data set
        self._recalls: dict[str, list[float]] = {name: [] for name in SIZES}
        self._quarters = [torch.zeros(classes, classes + 1, dtype=torch.int64)] * QUARTERS

    def add(
        self, truth: NDArray[np.uint8], guess: NDArray[Any], motion: NDArray[np.float32] | None
    ) -> None:
        """Label maps [H, W], and the motion [2, h, w] of the frame."""
        known = np.minimum(guess, self.classes)
        maps = (torch.from_numpy(labels.astype(np.int64))[None] for labels in (known, truth))
        self._outlines.update(*maps)
        for number in self.movable:
            self._add_objects((truth == number).astype(np.uint8), guess == number)
        if motion is not None:
            cells = np.searchsorted(self.limits, np.hypot(*motion)).astype(np.uint8)
            quarter = cells.repeat(CELL, 0).repeat(CELL, 1)[: truth.shape[0], : truth.shape[1]]
            for number in range(QUARTERS):
                part = np.where(quarter == number, truth, np.uint8(IGNORE))
                counts = confusion_of(part, guess, self.classes)
                self._quarters[number] = self._quarters[number] + counts

    def _add_objects(self, mask: NDArray[np.uint8], is_right: NDArray[np.bool_]) -> None:
        count, objects = cv2.connectedComponents(mask)
        sizes = np.bincount(objects.ravel(), minlength=count)[1:]
        hits = np.bincount(objects[is_right], minlength=count)[1:]
        for size, hit in zip(sizes, hits, strict=True):
            name = next(name for name, share in SIZES.items() if size <= share * mask.size)
            self._recalls[name].append(hit / size)

    def compute(self) -> dict[str, Any]:
        """Boundary IoU, mean recall of the objects by size, and mIoU by quarter."""
        quarters = [iou(counts) for counts in self._quarters]
        return {
            "boundary_iou": float(self._outlines.compute().by_class[:-1].nanmean()),
            "objects": {
                name: float(np.mean(shares)) for name, shares in self._recalls.items() if shares
            },
            "motion": [float(values.nanmean()) for values in quarters if values.isfinite().any()],
        }
