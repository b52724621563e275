"""Consecutive labelled frames, evaluated as the video that they are."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from bdnet.codec import VideoReader
from bdnet.data.base import ClipDataset, Sample
from bdnet.data.clips import labels_of
from bdnet.keyframes.fixed import Fixed
from bdnet.types import cells

LONGEST = 64  # frames, to bound the memory of large pictures


class VideoSegment(NamedTuple):
    """Consecutive frames of one video, all labelled.

    images: [t, 3, H, W] uint8 RGB from the loader, float32 normalised on the device
    motion: float32 [t, 2, ceil(H/8), ceil(W/8)] pixels, as in Frame; 0 on intra frames
    valid:  bool [t, ceil(H/8), ceil(W/8)]
    labels: int64 [t, H, W], 255 where the class is unknown
    is_key: bool [t], where the network starts afresh, by the rule `Fixed`
    """

    images: Tensor
    motion: Tensor
    valid: Tensor
    labels: Tensor
    is_key: Tensor


class VideoSegments(Dataset[VideoSegment]):
    """The segments of some samples; with several processes, this one's share of them."""

    def __init__(
        self,
        dataset: ClipDataset,
        samples: Iterable[Sample],
        interval: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.dataset, self.interval = dataset, interval
        runs = list(_runs(samples))
        self.exist = bool(runs)  # in any process
        self.runs = runs[rank::world]

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, number: int) -> VideoSegment:
        run = self.runs[number]
        first, last = run[0], run[-1]
        with VideoReader(str(first.video), "all", threads=1) as reader:
            frames = reader.clip(last.target, last.target - first.target)
        images = [frame.image for frame in frames if frame.image is not None]
        height, width = images[0].shape[:2]
        motion = np.zeros((len(run), 2, cells(height), cells(width)), np.float32)
        valid = np.zeros((len(run), cells(height), cells(width)), np.bool_)
        is_due = Fixed(self.interval).begin()
        is_key = np.array([is_due(frame) for frame in frames])
        for place, frame in enumerate(frames):
            if frame.motion is not None and frame.valid is not None:
                motion[place], valid[place] = frame.motion, frame.valid
        labels = np.stack(
            [labels_of(self.dataset, sample, height, width) for sample in run]
        ).astype(np.int64)
        pixels = np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))
        return VideoSegment(*map(torch.from_numpy, (pixels, motion, valid, labels, is_key)))


def _runs(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """Parts of at least 2 and at most LONGEST consecutive labelled frames of one video."""
    run: list[Sample] = []
    for sample in sorted(samples, key=lambda each: (str(each.video), each.target)):
        follows = run and (sample.video, sample.target) == (run[-1].video, run[-1].target + 1)
        if sample.label is None or not follows or len(run) == LONGEST:
            if len(run) > 1:
                yield run
            run = []
        if sample.label is not None:
            run.append(sample)
    if len(run) > 1:
        yield run
