"""All metrics of a network's segmentations, as numbers that JSON can hold."""

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

Scores = dict[str, Any]  # for JSON: values from 0 to 1, lists by offset, None where undefined
WINDOWS = (8, 16)  # frames: n of VC_n


class OffsetMetrics(nn.Module):
    """Metrics of target frames by their offset d from the keyframe; never pooled over d.

    outlines: also Boundary IoU and boundary F, which take longer than all the rest
    """

    def __init__(self, classes: Classes, interval: int, outlines: bool) -> None:
        super().__init__()
        count = len(classes)
        self.names = classes.names
        self.segmentation = SegmentationByOffset(count, interval)
        offsets = range(interval if outlines else 0)
        self.boundary_iou = nn.ModuleList(BoundaryIoU(count) for _ in offsets)
        self.boundary_f = nn.ModuleList(BoundaryF(count) for _ in offsets)

    def update(self, prediction: Tensor, labels: Tensor, offset: Tensor) -> None:
        """Predicted and true classes [b, H, W] (255: void), and offsets [b]."""
        self.segmentation.update(prediction, labels, offset)
        if not self.boundary_iou:
            return
        for d in sorted(set(offset.tolist())):
            is_at_d = offset == d
            for metric in (self.boundary_iou[d], self.boundary_f[d]):
                metric.update(prediction[is_at_d], labels[is_at_d])

    def compute(self) -> Scores:
        means = self.segmentation.compute()
        iou = torch.stack(means.iou).T
        scores = {
            "miou": _plain(torch.stack(means.miou)),
            "avg_k": _plain(means.avg_k),
            "avg": _plain(means.avg),
            "last_k": _plain(means.last_k),
            "iou": dict(zip(self.names, map(_plain, iou), strict=True)),
        }
        if self.boundary_iou:
            outlines = [metric.compute() for metric in self.boundary_f]  # type: ignore[operator]
            scores["boundary_iou"] = [
                _plain(metric.compute().mean)  # type: ignore[operator]
                for metric in self.boundary_iou
            ]
            scores["boundary_f"] = {
                str(pixels): [_plain(score[pixels].mean) for score in outlines]
                for pixels in outlines[0]
            }
        return scores

    def reset(self) -> None:
        _reset(self)


class VideoMetrics(nn.Module):
    """Metrics of consecutive frames of a video."""

    def __init__(self, classes: Classes) -> None:
        super().__init__()
        count = len(classes)
        self.segmentation = SegmentationByOffset(count, 1)
        self.tailing = TailingError(count, classes.movable)
        self.consistency = nn.ModuleList(VideoConsistency(count, frames) for frames in WINDOWS)
        self.longest = MaxMetric()  # frames of the longest segment over all processes

    def update(self, prediction: Tensor, labels: Tensor) -> None:
        """Predicted and true classes [t, H, W] of consecutive frames (255: void)."""
        offsets = torch.zeros_like(labels[:, 0, 0])
        self.segmentation.update(prediction, labels, offsets)
        self.tailing.update(prediction[1:], labels[1:], labels[:-1])
        self.longest.update(len(labels))
        for metric in self._windows():
            if len(labels) >= metric.frames:
                metric.update(prediction[None], labels[None])

    def compute(self) -> Scores:
        tailing, longest = self.tailing.compute(), float(self.longest.compute())
        consistency = {
            str(metric.frames): metric.compute()
            for metric in self._windows()
            if metric.frames <= longest
        }
        return {
            "miou": _plain(self.segmentation.compute().last_k),
            "tailing_error": _plain(tailing.error),
            "smear": _plain(tailing.smear),
            "consistency": {size: _plain(score.by_pixel) for size, score in consistency.items()},
            "consistency_by_window": {
                size: _plain(score.by_window) for size, score in consistency.items()
            },
        }

    def reset(self) -> None:
        _reset(self)

    def _windows(self) -> Iterator[VideoConsistency]:
        return (metric for metric in self.consistency if isinstance(metric, VideoConsistency))


def scalars(scores: Scores, prefix: str) -> dict[str, float]:
    """Nested scores under flat names, for loggers; undefined scores are left out."""
    flat: dict[str, float] = {}
    for name, value in scores.items():
        path = f"{prefix}/{name}"
        if isinstance(value, dict):
            flat |= scalars(value, path)
        elif isinstance(value, list):
            flat |= {f"{path}/d={d}": score for d, score in enumerate(value) if score is not None}
        elif value is not None:
            flat[path] = value
    return flat


def _plain(values: Tensor) -> Any:
    """Floats, with None for nan, which JSON does not allow."""
    if values.ndim:
        return [_plain(row) for row in values]
    value = float(values)
    return None if math.isnan(value) else value


def _reset(module: nn.Module) -> None:
    for metric in module.modules():
        if isinstance(metric, Metric):
            metric.reset()
