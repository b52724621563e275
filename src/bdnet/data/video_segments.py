"""Consecutive labelled frames, evaluated as a video."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from bdnet.codec import VideoReader
from bdnet.data.base import ClipDataset, Sample
from bdnet.data.clips import stack_images
from bdnet.keyframes.fixed import Fixed
from bdnet.types import cells

LONGEST = 64  # frames, to bound the memory of large pictures


class VideoSegment(NamedTuple):
    """Consecutive frames of one video, all labelled.

    images: [t, 3, H, W] uint8 RGB from the loader, float32 normalised on the device
    motion: float32 [t, 2, ceil(H/8), ceil(W/8)] pixels, as in Frame; 0 on intra frames
    valid:  bool [t, ceil(H/8), ceil(W/8)]
    labels: int64 [t, H, W], 255 where the class is unknown
    is_key: bool [t], the network's keyframes, by the rule `Fixed`
    """

    images: Tensor
    motion: Tensor
    valid: Tensor
    labels: Tensor
    is_key: Tensor


class VideoSegments(Dataset[VideoSegment]):
    """The segments of some samples; with several processes, this one's share of them.

    exist: there are some, in any process
    """

    def __init__(
        self,
        dataset: ClipDataset,
        samples: Iterable[Sample],
        interval: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.dataset, self.interval = dataset, interval
        segments = list(_consecutive(samples))
        self.exist = bool(segments)
        self.segments = segments[rank::world]

    def __len__(self) -> int:
        return len(self.segments)

    def __getitem__(self, number: int) -> VideoSegment:
        samples = self.segments[number]
        first, last = samples[0], samples[-1]
        with VideoReader(str(first.video), "all", threads=1) as reader:
            frames = reader.clip(last.target, last.target - first.target)
        images = [frame.image for frame in frames if frame.image is not None]
        height, width = images[0].shape[:2]
        motion = np.zeros((len(frames), 2, cells(height), cells(width)), np.float32)
        valid = np.zeros((len(frames), cells(height), cells(width)), np.bool_)
        for position, frame in enumerate(frames):
            if frame.motion is not None and frame.valid is not None:
                motion[position], valid[position] = frame.motion, frame.valid
        labels = [self.dataset.labels_of(sample, height, width) for sample in samples]
        is_due = Fixed(self.interval).begin()
        return VideoSegment(
            stack_images(images),
            torch.from_numpy(motion),
            torch.from_numpy(valid),
            torch.from_numpy(np.stack(labels).astype(np.int64)),
            torch.tensor([is_due(frame) for frame in frames]),
        )


def _consecutive(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """Parts of at least 2 and at most LONGEST consecutive labelled frames of one video."""
    part: list[Sample] = []
    labelled = [sample for sample in samples if sample.label is not None]
    for sample in sorted(labelled, key=lambda sample: (str(sample.video), sample.target)):
        follows = part and (sample.video, sample.target) == (part[-1].video, part[-1].target + 1)
        if not follows or len(part) == LONGEST:
            if len(part) > 1:
                yield part
            part = []
        part.append(sample)
    if len(part) > 1:
        yield part
