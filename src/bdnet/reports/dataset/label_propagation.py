"""How hard a data set's motion is: labels moved along its vectors, copied, or made coarse."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from pandas import DataFrame
from torch import Tensor

from bdnet.codec import VideoReader
from bdnet.data.base import ClipDataset, Sample
from bdnet.data.normalisation import normalise_images
from bdnet.metrics.segmentation import confusion_of, iou
from bdnet.motion.accumulation import accumulate
from bdnet.motion.holes import fill
from bdnet.motion.matching import grey_half, match
from bdnet.types import CELL, IGNORE, cells

LabelMap = NDArray[np.uint8]


class _Path(NamedTuple):
    """From a target frame back to an earlier one: the fields of the steps, and both pictures.

    motion [distance, 2, h, w], valid [distance, h, w], key and target [1, 1, 4 h, 4 w]
    """

    motion: Tensor
    valid: Tensor
    key: Tensor
    target: Tensor


def propagate(labels: LabelMap, motion: NDArray[np.float32]) -> LabelMap:
    """A keyframe's labels [H, W] moved to a target frame.

    motion [2, ceil(H/8), ceil(W/8)] leads from the target back to the keyframe, in pixels.
    """
    height, width = labels.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    middle = (CELL - 1) / 2  # of a cell, counted between pixel centres
    positions = (x - middle) / CELL, (y - middle) / CELL
    dx, dy = (
        cv2.remap(part, *positions, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part in motion
    )
    moved = cv2.remap(labels, x + dx, y + dy, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def propagation_scores(
    dataset: ClipDataset, samples: Iterable[Sample], distances: Iterable[int]
) -> DataFrame:
    """mIoU of moved labels by distance, over all pairs of labelled frames that are so far apart.

    vectors: moved along the vectors
    filled:  the same, with holes of the fields filled from around them
    matched: the same, with vectors corrected by comparing the pictures
    copied:  not moved
    holes:   the share of the picture without a vector all the way
    """
    classes = len(dataset.classes)
    matrices: dict[tuple[int, str], Tensor] = defaultdict(lambda: confusion(classes))
    holes: dict[int, list[float]] = defaultdict(list)
    for video, labels in labels_by_video(dataset, samples).items():
        for distance, target, path in _paths(video, labels, list(distances)):
            key = labels[target - distance]
            motion, is_whole = accumulate(path.motion, path.valid)
            filled, _ = accumulate(fill(path.motion, path.valid), path.valid)
            matched = match(filled[None], path.key, path.target)[0]
            fields = {"vectors": motion, "filled": filled, "matched": matched}
            moved = {name: propagate(key, field.numpy()) for name, field in fields.items()}
            for name, guess in (moved | {"copied": key}).items():
                count(matrices[distance, name], labels[target], guess)
            holes[distance].append(1 - float(is_whole.float().mean()))
    scores = DataFrame(index=sorted(holes))
    for (distance, name), matrix in matrices.items():
        scores.loc[distance, name] = iou(matrix).nanmean().item()
    return scores.assign(holes={distance: np.mean(shares) for distance, shares in holes.items()})


def stride_ceiling(labels: Iterable[LabelMap], classes: int, stride: int) -> Tensor:
    """[classes] IoU of a student that knows each class's share of every stride x stride cell."""
    matrix = confusion(classes)
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
        matrix += confusion_of(truth, guess, classes)
    return iou(matrix)


def confusion(classes: int) -> Tensor:
    """A matrix of `confusion_of` without a pixel."""
    return torch.zeros(classes, classes + 1, dtype=torch.int64)


def count(matrix: Tensor, truth: LabelMap, guess: LabelMap) -> None:
    """Adds the pixels where both have a class: void that was moved is no wrong guess."""
    matrix += confusion_of(np.where(guess == IGNORE, IGNORE, truth), guess, len(matrix))


def labels_by_video(
    dataset: ClipDataset, samples: Iterable[Sample]
) -> dict[Path, dict[int, LabelMap]]:
    videos: dict[Path, dict[int, LabelMap]] = defaultdict(dict)
    for sample in samples:
        if sample.label is not None:
            videos[sample.video][sample.target] = dataset.read_label(sample.label)
    return videos


def _paths(
    video: Path, labels: dict[int, LabelMap], distances: Iterable[int]
) -> Iterator[tuple[int, int, _Path]]:
    """(distance, target, path) of each pair of labelled frames that vectors join."""
    pairs = [
        (distance, target)
        for distance in distances
        for target in sorted(labels)
        if target - distance in labels
    ]
    if not pairs:
        return  # most videos of a data set that labels one frame of each: nothing to decode
    frames, pictures = [], {}
    with VideoReader(video, "all", threads=1) as reader:
        size = cells(reader.height), cells(reader.width)
        for frame in reader:
            frames.append((frame.motion, frame.valid))
            if frame.index in labels and frame.image is not None:
                image = torch.from_numpy(frame.image).permute(2, 0, 1)[None]
                pictures[frame.index] = grey_half(normalise_images(image), *size)
    for distance, target in pairs:
        steps = frames[target - distance + 1 : target + 1]
        fields = [(motion, valid) for motion, valid in steps if motion is not None]
        if len(fields) < distance:
            continue
        motion, valid = (torch.from_numpy(np.stack(part)) for part in zip(*fields, strict=True))
        yield distance, target, _Path(motion, valid, pictures[target - distance], pictures[target])
