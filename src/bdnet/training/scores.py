"""Everything that is counted of a network's segmentations, as one table of numbers."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MaxMetric, Metric

from bdnet.data.classes import Classes
from bdnet.metrics import (
    BoundaryF,
    BoundaryIoU,
    SegmentationByOffset,
    TailingError,
    VideoConsistency,
)

Numbers = dict[str, Any]  # what JSON can hold: shares of 1, lists by offset, None where undefined
WINDOWS = (8, 16)  # frames, of VC_n


class OffsetMetrics(nn.Module):
    """Of target frames, by their distance d from the keyframe; never pooled over d.

    outlines: also count how well outlines fit, which takes longer than all the rest
    """

    def __init__(self, classes: Classes, interval: int, outlines: bool) -> None:
        super().__init__()
        count = len(classes)
        self.names = classes.names
        self.segmentation = SegmentationByOffset(count, interval)
        each = range(interval if outlines else 0)
        self.boundary_iou = nn.ModuleList(BoundaryIoU(count) for _ in each)
        self.boundary_f = nn.ModuleList(BoundaryF(count) for _ in each)

    def update(self, prediction: Tensor, labels: Tensor, offset: Tensor) -> None:
        """Classes [b, H, W] predicted and true (255: void), and the offset [b] of each."""
        self.segmentation.update(prediction, labels, offset)
        if not self.boundary_iou:
            return
        for distance in sorted(set(offset.tolist())):
            chosen = offset == distance
            for metric in (self.boundary_iou[distance], self.boundary_f[distance]):
                metric.update(prediction[chosen], labels[chosen])

    def compute(self) -> Numbers:
        found = self.segmentation.compute()
        iou = torch.stack(found.iou).T
        numbers = {
            "miou": _plain(torch.stack(found.miou)),
            "avg_k": _plain(found.avg_k),
            "avg": _plain(found.avg),
            "last_k": _plain(found.last_k),
            "iou": dict(zip(self.names, map(_plain, iou), strict=True)),
        }
        if self.boundary_iou:
            outlines = [metric.compute() for metric in self.boundary_f]  # type: ignore[operator]
            numbers["boundary_iou"] = [
                _plain(metric.compute().mean)  # type: ignore[operator]
                for metric in self.boundary_iou
            ]
            numbers["boundary_f"] = {
                str(pixels): [_plain(each[pixels].mean) for each in outlines]
                for pixels in outlines[0]
            }
        return numbers

    def reset(self) -> None:
        _reset(self)


class VideoMetrics(nn.Module):
    """Of consecutive frames."""

    def __init__(self, classes: Classes) -> None:
        super().__init__()
        count = len(classes)
        self.segmentation = SegmentationByOffset(count, 1)
        self.tailing = TailingError(count, classes.movable)
        self.consistency = nn.ModuleList(VideoConsistency(count, frames) for frames in WINDOWS)
        self.longest = MaxMetric()  # frames of a segment, in any process

    def update(self, prediction: Tensor, labels: Tensor) -> None:
        """Classes [t, H, W] predicted and true (255: void) of consecutive frames."""
        offsets = torch.zeros_like(labels[:, 0, 0])
        self.segmentation.update(prediction, labels, offsets)
        self.tailing.update(prediction[1:], labels[1:], labels[:-1])
        self.longest.update(len(labels))
        for metric in self._windows():
            if len(labels) >= metric.frames:
                metric.update(prediction[None], labels[None])

    def compute(self) -> Numbers:
        tailing, longest = self.tailing.compute(), float(self.longest.compute())
        return {
            "miou": _plain(self.segmentation.compute().last_k),
            "tailing_error": _plain(tailing.error),
            "smear": _plain(tailing.smear),
            "consistency": {
                str(metric.frames): _plain(metric.compute())
                for metric in self._windows()
                if metric.frames <= longest
            },
        }

    def reset(self) -> None:
        _reset(self)

    def _windows(self) -> Iterator[VideoConsistency]:
        return (each for each in self.consistency if isinstance(each, VideoConsistency))


def scalars(numbers: Numbers, prefix: str) -> dict[str, float]:
    """Nested numbers under flat names, as loggers want them; what is undefined is left out."""
    flat: dict[str, float] = {}
    for name, value in numbers.items():
        path = f"{prefix}/{name}"
        if isinstance(value, dict):
            flat |= scalars(value, path)
        elif isinstance(value, list):
            flat |= {f"{path}/d={d}": each for d, each in enumerate(value) if each is not None}
        elif value is not None:
            flat[path] = value
    return flat


def _plain(values: Tensor) -> Any:
    """Numbers with None for nan, which JSON has not."""
    if values.ndim:
        return [_plain(each) for each in values]
    value = float(values)
    return None if math.isnan(value) else value


def _reset(scores: nn.Module) -> None:
    for metric in scores.modules():
        if isinstance(metric, Metric):
            metric.reset()
