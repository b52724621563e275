"""Labels of a data set's videos, and scores of label maps: IoU, its spread over blocks, lag."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bdnet.benchmarks.base import CannotMeasure
from bdnet.data.base import Split
from bdnet.data.module import ClipDataModule
from bdnet.metrics.segmentation import iou
from bdnet.reports.dataset.label_propagation import labels_by_video

Counts = NDArray[np.int64]  # [frames, classes, classes + 1]: truth, guess; the last: no such class
Labels = dict[int, NDArray[np.uint8]]  # label maps by frame

RESAMPLES = 1000
STEADY = 8  # frames


def labelled_videos(module: ClipDataModule, split: Split) -> dict[Path, Labels]:
    """The label maps of a split by video and frame, prepared if need be."""
    module.prepare_data()
    videos = labels_by_video(module.dataset, module.dataset.samples(split))
    if not videos:
        raise CannotMeasure(f"split={split}: nothing has a label; choose another split")
    return videos


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


def class_iou(counts: Counts) -> NDArray[np.float64]:
    """NaN of a class that is neither there nor guessed."""
    square = np.pad(counts, ((0, 1), (0, 0)))  # no pixel truly has no class
    return iou(torch.from_numpy(square)).numpy()[:-1]


def miou(counts: Counts) -> float:
    return float(np.nanmean(class_iou(counts)))
