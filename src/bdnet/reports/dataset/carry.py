"""How hard a data set's motion is: labels carried along the vectors, copied, or made coarse."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics.classification import MulticlassConfusionMatrix

from bdnet.codec import VideoReader
from bdnet.data.base import ClipDataset, Sample
from bdnet.data.normalisation import normalise_images
from bdnet.metrics.segmentation import iou
from bdnet.motion.accumulation import accumulate
from bdnet.motion.holes import fill
from bdnet.motion.matching import grey_half, match
from bdnet.types import CELL, IGNORE, cells

LabelMap = NDArray[np.uint8]


class Carried(NamedTuple):
    """IoU [classes] of labels, and the share of holes on the way.

    along:   carried along the vectors
    filled:  the same, holes filled from around them
    matched: the same, then set right by the pictures
    copied:  left where they are
    """

    along: Tensor
    filled: Tensor
    matched: Tensor
    copied: Tensor
    holes: float


class _Way(NamedTuple):
    """From a frame back to an earlier one: the fields of its steps, and both pictures, small.

    motion [distance, 2, h, w], valid [distance, h, w], key and target [1, 1, 4 h, 4 w]
    """

    motion: Tensor
    valid: Tensor
    key: Tensor
    target: Tensor


class _Counts:
    """Confusion of two label maps, where both have a class."""

    def __init__(self, classes: int) -> None:
        self.matrix = MulticlassConfusionMatrix(classes, ignore_index=IGNORE, validate_args=False)

    def add(self, truth: LabelMap, guess: LabelMap) -> None:
        known = (truth != IGNORE) & (guess != IGNORE)
        self.matrix.update(torch.from_numpy(guess[known]), torch.from_numpy(truth[known]).long())

    def iou(self) -> Tensor:
        return iou(self.matrix.compute())


def carry(labels: LabelMap, motion: NDArray[np.float32]) -> LabelMap:
    """A keyframe's labels [H, W] as a target frame sees them.

    motion [2, ceil(H/8), ceil(W/8)] leads from the target back to the keyframe, in pixels.
    """
    height, width = labels.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    middle = (CELL - 1) / 2  # of a cell, counted between pixel centres
    places = (x - middle) / CELL, (y - middle) / CELL
    dx, dy = (
        cv2.remap(part, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part in motion
    )
    moved = cv2.remap(labels, x + dx, y + dy, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def carried(
    dataset: ClipDataset, samples: Iterable[Sample], distances: Iterable[int]
) -> dict[int, Carried]:
    """By distance, over every frame that is labelled and has a labelled frame so far before it."""
    counts = {each: tuple(_Counts(len(dataset.classes)) for _ in "1234") for each in distances}
    holes: dict[int, list[float]] = {distance: [] for distance in counts}
    for video, labels in _labels_by_video(dataset, samples).items():
        for distance, target, way in _ways(video, labels, counts):
            key = labels[target - distance]
            back, whole = accumulate(way.motion, way.valid)
            filled, _ = accumulate(fill(way.motion, way.valid), way.valid)
            matched = match(filled[None], way.key, way.target)[0]
            guesses = [carry(key, each.numpy()) for each in (back, filled, matched)]
            for count, guess in zip(counts[distance], [*guesses, key], strict=True):
                count.add(labels[target], guess)
            holes[distance].append(1 - float(whole.float().mean()))
    found = {}
    for distance, shares in holes.items():
        if shares:
            along, filled, matched, copied = (each.iou() for each in counts[distance])
            found[distance] = Carried(along, filled, matched, copied, float(np.mean(shares)))
    return found


def ceiling(labels: Iterable[LabelMap], classes: int, stride: int) -> Tensor:
    """[classes] IoU of a student that knows each class's share of every stride x stride cell."""
    counts = _Counts(classes)
    for truth in labels:
        height, width = truth.shape
        coarse = -(-width // stride), -(-height // stride)
        best = np.full(truth.shape, -1, np.float32)
        guess = np.full(truth.shape, IGNORE, np.uint8)
        for number in np.unique(truth[truth != IGNORE]):
            is_class = (truth == number).astype(np.float32)
            share = cv2.resize(is_class, coarse, interpolation=cv2.INTER_AREA)
            score = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
            wins = score > best
            best[wins], guess[wins] = score[wins], number
        counts.add(truth, guess)
    return counts.iou()


def _labels_by_video(
    dataset: ClipDataset, samples: Iterable[Sample]
) -> dict[Path, dict[int, LabelMap]]:
    found: dict[Path, dict[int, LabelMap]] = {}
    for sample in samples:
        if sample.label is not None:
            found.setdefault(sample.video, {})[sample.target] = dataset.read_label(sample.label)
    return found


def _ways(
    video: Path, labels: dict[int, LabelMap], distances: Iterable[int]
) -> Iterator[tuple[int, int, _Way]]:
    """(distance, target, what is between) of each pair of labelled frames that vectors join."""
    targets = sorted(labels)
    pairs = [(each, to) for each in distances for to in targets if to - each in labels]
    if not pairs:
        return  # most videos of a data set that labels one frame of each: nothing to decode
    frames, seen = [], {}
    with VideoReader(video, "all", threads=1) as reader:
        size = cells(reader.height), cells(reader.width)
        for frame in reader:
            frames.append((frame.motion, frame.valid))
            if frame.index in labels and frame.image is not None:
                image = torch.from_numpy(frame.image).permute(2, 0, 1)[None]
                seen[frame.index] = grey_half(normalise_images(image), *size)
    for distance, target in pairs:
        steps = frames[target - distance + 1 : target + 1]
        fields = [(motion, valid) for motion, valid in steps if motion is not None]
        if len(fields) < distance:
            continue
        motion, valid = (torch.from_numpy(np.stack(part)) for part in zip(*fields, strict=True))
        yield distance, target, _Way(motion, valid, seen[target - distance], seen[target])
