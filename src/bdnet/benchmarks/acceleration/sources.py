"""How well an accelerated network labels a video, by where its motion comes from."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from bdnet.benchmarks.acceleration.accuracy import Every
from bdnet.benchmarks.labelled import Labels
from bdnet.codec.search import Motion
from bdnet.inference.accelerate import accelerate
from bdnet.metrics.segmentation import confusion_of, iou


class Network(NamedTuple):
    """A network on every n-th frame.

    network: as `accelerate` takes it; its first classes are the data set's
    phases:  frames at which the first keyframe stands, at most, spread over the interval
    options: of `accelerate`
    """

    network: Any
    interval: int = 5
    phases: int = 3
    options: Mapping[str, Any] = {}

    def mious(
        self, videos: Mapping[Any, Labels], classes: int, motion: Motion, search: str
    ) -> tuple[float, ...]:
        """mIoU of all labelled frames, for each phase; videos as `accelerate` takes them."""
        starts = np.unique(np.linspace(0, self.interval - 1, self.phases).round().astype(int))
        return tuple(
            self._miou(videos, classes, Every(self.interval, int(start)), motion, search)
            for start in starts
        )

    def _miou(
        self,
        videos: Mapping[Any, Labels],
        classes: int,
        rule: Every,
        motion: Motion,
        search: str,
    ) -> float:
        fast = accelerate(self.network, keyframe=rule, **self.options)
        matrix = torch.zeros(classes, classes + 1, dtype=torch.int64)
        for video, labels in videos.items():
            for frame in fast.video(video, motion=motion, search=search):
                if frame.index in labels:
                    matrix += confusion_of(labels[frame.index], frame.labels, classes)
        return iou(matrix).nanmean().item()
