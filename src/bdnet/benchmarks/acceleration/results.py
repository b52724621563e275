"""The accuracy of an accelerated network, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bdnet.benchmarks.acceleration.pareto import draw
from bdnet.benchmarks.acceleration.scores import (
    QUARTERS,
    RESAMPLES,
    SIZES,
    STEADY,
    Counts,
    by_halves,
    class_iou,
    miou,
)
from bdnet.benchmarks.base import markdown

HEADS = (
    "network on", "mIoU", "difference", "95 %", "last frame", "calls", "lag", "seconds",
)  # fmt: skip

NOTES = {
    "mIoU": "of all labelled frames, one confusion matrix, in %; mean over the phases",
    "difference": f"to every frame; 95 % of {RESAMPLES} resamples of blocks of consecutive frames",
    "calls": "share of the frames on which the network ran, the codec's own keyframes included",
    "lag": f"frames until a class that every frame sees for {STEADY} frames is adopted, on average",
    "seconds": "of the processor, for network and propagation in one thread (options.threads=1),"
    " without decoding; relative to every frame",
    "against": "in the JSON: the difference to each smaller network, and its 95 %",
    "halves": "in the JSON: mIoU with the memory that is best on the other half of the frames",
    "objects": f"in the JSON: recall of connected areas of movable classes; {SIZES} of the picture",
    "motion": f"in the JSON: mIoU of the pixels in {QUARTERS} parts, from slow to fast",
}


class Pass(NamedTuple):
    """One reading of all videos.

    offsets: of each frame: frames since the keyframe
    gflops:  per frame; 0 where the network is not PyTorch's
    lag:     frames, on average, from a lasting change in the labels of every frame to its adoption
    details: see `Details`
    """

    counts: Counts
    offsets: NDArray[np.int64]
    calls: float
    seconds: float
    gflops: float
    lag: float
    details: dict[str, Any]


def name_of(network: Any) -> str:
    return network if isinstance(network, str) else type(network).__name__


def mean_miou(passes: Sequence[Pass]) -> float:
    return float(np.mean([miou(run.counts.sum(0)) for run in passes]))


class Row(NamedTuple):
    """How every frame got its labels, with one pass for each phase; memory None: not averaged.

    interval_95: of the difference to the network on every frame
    against:     by smaller network on every frame: the difference and its 95 %
    """

    name: str
    interval: int
    memory: float | None
    passes: tuple[Pass, ...]
    interval_95: tuple[float, float]
    against: Mapping[str, tuple[float, float, float]]

    @property
    def iou(self) -> NDArray[np.float64]:
        """Of each class, mean over the phases."""
        return np.asarray(np.mean([class_iou(run.counts.sum(0)) for run in self.passes], 0))

    @property
    def miou(self) -> float:
        return mean_miou(self.passes)

    @property
    def by_offset(self) -> list[float]:
        """mIoU by the distance from the keyframe."""
        parts = [
            [run.counts[run.offsets == offset].sum(0) for run in self.passes]
            for offset in range(self.interval)
        ]
        return [miou(np.sum(part, 0)) for part in parts]

    def mean(self, name: str) -> float:
        """calls, seconds, gflops or lag."""
        return float(np.mean([getattr(run, name) for run in self.passes]))

    def record(self, classes: Sequence[str], first: float) -> dict[str, Any]:
        return {
            "name": self.name,
            "interval": self.interval,
            "miou": self.miou,
            "difference": self.miou - first,
            "interval_95": self.interval_95,
            "against": dict(self.against),
            "last_miou": self.by_offset[-1],
            "by_offset": self.by_offset,
            **{name: self.mean(name) for name in ("calls", "lag", "seconds", "gflops")},
            "iou": dict(zip(classes, self.iou.tolist(), strict=True)),
            **_mean([run.details for run in self.passes]),
        }


class Accelerations(NamedTuple):
    """A measurement, the first row is the network on every frame; see `Measurement`."""

    rows: list[Row]
    classes: Sequence[str]
    facts: dict[str, Any]
    notes: dict[str, Any] = NOTES

    def record(self) -> dict[str, Any]:
        halves = self.halves()
        return {"unit": "mIoU, s/frame", "accelerations": self.records(), "halves": halves}

    def records(self) -> list[dict[str, Any]]:
        return [row.record(self.classes, self.rows[0].miou) for row in self.rows]

    def picture(self) -> bytes:
        return draw(self.records())

    def halves(self) -> dict[str, Any]:
        """By interval, what is gained by a memory that was chosen on the other half."""
        halves = {}
        for interval in sorted({row.interval for row in self.rows}):
            runs = {
                row.memory: [run.counts for run in row.passes]
                for row in self.rows
                if row.interval == interval and row.memory is not None
            }
            if len(runs) > 1 and 0 in runs:
                halves[str(interval)] = by_halves(runs)._asdict()
        return halves

    def table(self) -> str:
        first = self.rows[0]
        return markdown(
            HEADS,
            [
                [
                    row.name,
                    f"{100 * row.miou:.2f}",
                    f"{100 * (row.miou - first.miou):+.2f}",
                    f"{100 * row.interval_95[0]:+.2f} to {100 * row.interval_95[1]:+.2f}",
                    f"{100 * row.by_offset[-1]:.2f}",
                    f"{row.mean('calls'):.3f}",
                    f"{row.mean('lag'):.2f}",
                    f"{row.mean('seconds') / first.mean('seconds'):.2f}",
                ]
                for row in self.rows
            ],
        )


def _mean(records: Sequence[Any]) -> Any:
    """Of numbers in dictionaries and lists of one shape."""
    first = records[0]
    if isinstance(first, dict):
        return {key: _mean([record[key] for record in records]) for key in first}
    if isinstance(first, list):
        return [_mean(values) for values in zip(*records, strict=True)]
    return float(np.mean(records))
