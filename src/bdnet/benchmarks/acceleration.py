"""An accelerated network beside itself on every frame: accuracy on labelled videos against cost."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bdnet.benchmarks.base import CannotMeasure, markdown
from bdnet.benchmarks.label_scores import (
    RESAMPLES,
    STEADY,
    Counts,
    class_iou,
    interval_95,
    labelled_videos,
    mean_lag,
    miou,
)
from bdnet.codec import VideoReader
from bdnet.data.base import Split
from bdnet.data.module import ClipDataModule
from bdnet.inference.accelerate import accelerate
from bdnet.keyframes.base import Keyframes
from bdnet.types import IGNORE, Frame

HEADS = (
    "network on", "mIoU", "difference", "95 %", "last frame", "calls", "lag", "seconds",
)  # fmt: skip
Maps = dict[Path, list[NDArray[Any]]]  # labels of every frame, by video

NOTES = {
    "mIoU": "of all labelled frames, one confusion matrix, in %; mean over the phases",
    "difference": f"to every frame; 95 % of {RESAMPLES} resamples of blocks of consecutive frames",
    "calls": "share of the frames on which the network ran, the codec's own keyframes included",
    "lag": f"frames until a class that every frame sees for {STEADY} frames is adopted, on average",
    "seconds": "of network and propagation, without decoding, relative to every frame",
}


class Every(Keyframes):
    """Every n-th frame from a given one on, and frames without motion."""

    def __init__(self, interval: int, phase: int) -> None:
        self.interval, self.phase = interval, phase

    def begin(self) -> Callable[[Frame], bool]:
        return lambda frame: (
            frame.motion is None or frame.index % self.interval == self.phase % self.interval
        )

    def __str__(self) -> str:
        return f"every {self.interval} from {self.phase}"


class Pass(NamedTuple):
    """One reading of all videos.

    offsets: of each frame: frames since the keyframe
    lag:     frames, on average, from a lasting change in the labels of every frame to its adoption
    """

    counts: Counts
    offsets: NDArray[np.int64]
    calls: float
    seconds: float
    lag: float


class Row(NamedTuple):
    """A way to label every frame, with one pass for each phase."""

    name: str
    interval: int
    passes: tuple[Pass, ...]
    interval_95: tuple[float, float]

    @property
    def iou(self) -> NDArray[np.float64]:
        """Of each class, mean over the phases."""
        ious: NDArray[np.float64] = np.mean(
            [class_iou(run.counts.sum(0)) for run in self.passes], 0
        )
        return ious

    @property
    def miou(self) -> float:
        return float(np.mean([miou(run.counts.sum(0)) for run in self.passes]))

    @property
    def last_miou(self) -> float:
        """Of the frames farthest from their keyframe."""
        last = [run.counts[run.offsets == self.interval - 1].sum(0) for run in self.passes]
        return miou(np.sum(last, 0))

    @property
    def calls(self) -> float:
        return float(np.mean([run.calls for run in self.passes]))

    @property
    def lag(self) -> float:
        return float(np.mean([run.lag for run in self.passes]))

    @property
    def seconds(self) -> float:
        return float(np.mean([run.seconds for run in self.passes]))


class Accelerations(NamedTuple):
    """A measurement of ways; see `Measurement`."""

    rows: list[Row]
    classes: Sequence[str]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def record(self) -> dict[str, Any]:
        first = self.rows[0]
        rows = [
            {
                "name": row.name,
                "interval": row.interval,
                "miou": row.miou,
                "difference": row.miou - first.miou,
                "interval_95": row.interval_95,
                "last_miou": row.last_miou,
                "calls": row.calls,
                "lag": row.lag,
                "seconds": row.seconds,
                "iou": dict(zip(self.classes, row.iou.tolist(), strict=True)),
            }
            for row in self.rows
        ]
        return {"unit": "mIoU, s/frame", "accelerations": rows}

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
                    f"{100 * row.last_miou:.2f}",
                    f"{row.calls:.3f}",
                    f"{row.lag:.2f}",
                    f"{row.seconds / first.seconds:.2f}",
                ]
                for row in self.rows
            ],
        )


class Acceleration:
    """Labels the labelled videos of a data set with a network on every frame and on keyframes.

    network:    as `accelerate` takes it; its first classes are the data set's
    phases:     of each interval at most, spread over it: frames at which the first keyframe stands
    block:      frames of a block of the bootstrap
    options:    of `accelerate`, such as kernel, stride, preprocess
    """

    def __init__(
        self,
        network: Any,
        module: ClipDataModule,
        intervals: Sequence[int],
        memories: Sequence[float],
        split: Split = "test",
        phases: int = 3,
        block: int = 10,
        options: dict[str, Any] | None = None,
    ) -> None:
        if network is None:
            raise CannotMeasure("target.network=null: give one, such as onnx:FILE or run:FOLDER")
        self.network, self.module, self.split = network, module, split
        self.intervals, self.memories = intervals, memories
        self.phases, self.block, self.options = phases, block, options or {}

    def measure(self, repeats: int) -> Accelerations:  # noqa: ARG002  # phases are the repeats
        self.videos = labelled_videos(self.module, self.split)
        self.own: Maps = {}
        every = self._pass(1, 0, 0.0)
        ways: dict[str, tuple[int, list[Pass]]] = {"every frame": (1, [every])}
        for memory in self.memories:
            if memory:
                ways[f"every frame, memory {memory:g}"] = 1, [self._pass(1, 0, memory)]
        for interval in self.intervals:
            starts = np.unique(np.linspace(0, interval - 1, self.phases).round().astype(int))
            for memory in self.memories:
                name = f"every {interval} frames" + (f", memory {memory:g}" if memory else "")
                ways[name] = interval, [self._pass(interval, int(at), memory) for at in starts]
            held = [self._held(interval, int(start), every.seconds) for start in starts]
            ways[f"every {interval} frames, labels held"] = interval, held
        rows = [
            Row(
                name,
                interval,
                tuple(runs),
                interval_95([run.counts for run in runs], every.counts, self.block),
            )
            for name, (interval, runs) in ways.items()
        ]
        facts = {
            "network": str(self.network),
            "data set": type(self.module.dataset).__name__,
            "labelled frames": len(every.counts),
            "options": self.options,
        }
        return Accelerations(rows, self.module.dataset.classes.names, facts, NOTES)

    def _pass(self, interval: int, phase: int, memory: float) -> Pass:
        """Labels every frame; the first pass is what the others are compared with."""
        rule = Every(interval, phase)
        fast = accelerate(self.network, keyframe=rule, memory=memory, **self.options)
        offsets, seconds = [], 0.0
        maps: Maps = {}
        for video in self.videos:
            maps[video] = []
            with VideoReader(video, "all") as reader:
                stream = fast.start()
                for frame in tqdm(reader, str(rule), unit="frame", leave=False):
                    segmented = stream.take(frame)
                    seconds += segmented.seconds.network
                    offsets.append(segmented.offset)
                    maps[video].append(segmented.labels)
        self.own = self.own or maps
        return self._scored(maps, offsets, seconds / len(offsets))

    def _held(self, interval: int, phase: int, seconds: float) -> Pass:
        """Labels of the last keyframe, where they were."""
        offsets: list[int] = []
        maps: Maps = {}
        for video, own in self.own.items():
            with VideoReader(video, "none") as reader:
                keys = list(keys_of(reader, Every(interval, phase)))
            offsets += [index - key for index, key in enumerate(keys)]
            maps[video] = [own[key] for key in keys]
        calls = float(np.mean([offset == 0 for offset in offsets]))
        return self._scored(maps, offsets, calls * seconds)

    def _scored(self, maps: Maps, offsets: list[int], seconds: float) -> Pass:
        counts = []
        for video, labels in self.videos.items():
            for index, guess in enumerate(maps[video]):
                nothing = np.full(guess.shape, IGNORE, np.uint8)
                counts.append(self._count(labels.get(index, nothing), guess))
        calls = float(np.mean([offset == 0 for offset in offsets]))
        lag = mean_lag([(self.own[video], maps[video]) for video in maps])
        return Pass(np.stack(counts), np.array(offsets), calls, seconds, lag)

    def _count(self, truth: NDArray[np.uint8], guess: NDArray[Any]) -> Counts:
        classes = len(self.module.dataset.classes)
        is_known = truth != IGNORE
        guesses = np.minimum(guess[is_known], classes).astype(np.int64)
        pairs = truth[is_known].astype(np.int64) * (classes + 1) + guesses
        counts = np.bincount(pairs, minlength=classes * (classes + 1))
        return counts.reshape(classes, classes + 1).astype(np.int64)


def keys_of(frames: Iterable[Frame], rule: Keyframes) -> Iterator[int]:
    """Of each frame the index of its keyframe."""
    is_key, key = rule.begin(), 0
    for frame in frames:
        key = frame.index if is_key(frame) else key
        yield key
