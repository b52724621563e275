"""An accelerated network beside itself on every frame: accuracy on labelled videos against cost."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bdnet.benchmarks.acceleration.results import Accelerations, Pass, Row, mean_miou, name_of
from bdnet.benchmarks.acceleration.scores import Counts, Details, interval_95, mean_lag
from bdnet.benchmarks.base import CannotMeasure
from bdnet.benchmarks.labelled import labelled_videos
from bdnet.codec import VideoReader
from bdnet.data.base import Split
from bdnet.data.module import ClipDataModule
from bdnet.inference.accelerate import accelerate
from bdnet.inference.accelerate.accelerated import Accelerated
from bdnet.keyframes.base import Keyframes
from bdnet.metrics.segmentation import confusion_of
from bdnet.reports.cost import gflops
from bdnet.types import IGNORE, Frame

Maps = dict[Path, list[NDArray[Any]]]  # labels of every frame, by video
Motions = dict[Path, list[NDArray[np.float32] | None]]  # and its motion


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


class Acceleration:
    """Labels the labelled videos of a data set with a network on every frame and on keyframes.

    network:    as `accelerate` takes it; its first classes are the data set's
    smaller:    further networks, on every frame: by name, the network and options of `accelerate`
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
        smaller: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:
        if network is None:
            raise CannotMeasure("target.network=null: give one, such as onnx:FILE or run:FOLDER")
        self.network, self.module, self.split = network, module, split
        self.intervals, self.memories = intervals, memories
        self.phases, self.block, self.options = phases, block, options or {}
        self.smaller = {f"every frame, {name}": each for name, each in (smaller or {}).items()}

    def measure(self, repeats: int) -> Accelerations:  # noqa: ARG002  # phases are the repeats
        self.videos = labelled_videos(self.module, self.split)
        self.motions: Motions = {video: list(_motions(video)) for video in self.videos}
        self.own: Maps = {}
        every = self._pass(1, 0, 0.0)
        passes = list(self._passes(every))
        others = {name: runs[0] for name, *_, runs in passes if name in self.smaller}
        rows = [
            Row(
                *row,
                interval_95=self._interval_95(row[-1], every),
                against={
                    name: (mean_miou(row[-1]) - mean_miou([run]), *self._interval_95(row[-1], run))
                    for name, run in others.items()
                },
            )
            for row in passes
        ]
        facts = {
            "network": name_of(self.network),
            "data set": type(self.module.dataset).__name__,
            "labelled frames": len(every.counts),
            "options": self.options,
        }
        return Accelerations(rows, self.module.dataset.classes.names, facts)

    def _interval_95(self, runs: Sequence[Pass], other: Pass) -> tuple[float, float]:
        return interval_95([run.counts for run in runs], other.counts, self.block)

    def _passes(self, every: Pass) -> Iterator[tuple[str, int, float | None, tuple[Pass, ...]]]:
        """Name, interval, memory and passes of each row."""
        yield "every frame", 1, 0.0, (every,)
        for memory in filter(None, self.memories):
            yield f"every frame, memory {memory:g}", 1, memory, (self._pass(1, 0, memory),)
        for name, options in self.smaller.items():
            fast = accelerate(keyframe=Every(1, 0), memory=0, **options)
            yield name, 1, None, (self._labelled(fast, self._gflops(fast)),)
        for interval in self.intervals:
            starts = np.unique(np.linspace(0, interval - 1, self.phases).round().astype(int))
            for memory in self.memories:
                name = f"every {interval} frames" + (f", memory {memory:g}" if memory else "")
                runs = tuple(self._pass(interval, int(start), memory) for start in starts)
                yield name, interval, memory, runs
            held = tuple(self._held(interval, int(start), every) for start in starts)
            yield f"every {interval} frames, labels held", interval, None, held

    def _pass(self, interval: int, phase: int, memory: float) -> Pass:
        return self._labelled(self._accelerated(interval, phase, memory), self.own_gflops)

    def _accelerated(self, interval: int, phase: int, memory: float) -> Accelerated:
        rule = Every(interval, phase)
        return accelerate(self.network, keyframe=rule, memory=memory, **self.options)

    @cached_property
    def own_gflops(self) -> float:
        return self._gflops(self._accelerated(1, 0, 0.0))

    def _gflops(self, fast: Accelerated) -> float:
        """Of its network, on the first frame."""
        with VideoReader(next(iter(self.videos)), "all") as reader:
            first = next(iter(reader))
        return gflops(lambda: fast.start().take(first))

    def _labelled(self, fast: Accelerated, operations: float) -> Pass:
        """Labels every frame; the first pass is what the others are compared with."""
        offsets, seconds = [], 0.0
        maps: Maps = {}
        for video in self.videos:
            maps[video] = []
            with VideoReader(video, "all") as reader:
                stream = fast.start()
                for frame in tqdm(reader, str(fast.keyframes), unit="frame", leave=False):
                    begin = time.thread_time()
                    segmented = stream.take(frame)
                    seconds += time.thread_time() - begin
                    offsets.append(segmented.offset)
                    maps[video].append(segmented.labels)
        self.own = self.own or maps
        return self._scored(maps, offsets, seconds / len(offsets), operations)

    def _held(self, interval: int, phase: int, every: Pass) -> Pass:
        """Labels of the last keyframe, where they were."""
        offsets: list[int] = []
        maps: Maps = {}
        for video, own in self.own.items():
            with VideoReader(video, "none") as reader:
                keys = list(keys_of(reader, Every(interval, phase)))
            offsets += [index - key for index, key in enumerate(keys)]
            maps[video] = [own[key] for key in keys]
        calls = float(np.mean([offset == 0 for offset in offsets]))
        return self._scored(maps, offsets, calls * every.seconds, self.own_gflops)

    def _scored(self, maps: Maps, offsets: list[int], seconds: float, operations: float) -> Pass:
        """operations: of the network, once"""
        classes = self.module.dataset.classes
        vectors = (motion for video in self.motions.values() for motion in video)
        lengths = [np.hypot(*motion).ravel() for motion in vectors if motion is not None]
        details = Details(len(classes), classes.movable, np.concatenate(lengths))
        counts: list[Counts] = []
        for video, labels in self.videos.items():
            for index, guess in enumerate(maps[video]):
                truth = labels.get(index)
                if truth is None:
                    truth = np.full(guess.shape, IGNORE, np.uint8)
                else:
                    details.add(truth, guess, self.motions[video][index])
                counts.append(confusion_of(truth, guess, len(classes)).numpy())
        calls = float(np.mean([offset == 0 for offset in offsets]))
        lag = mean_lag([(self.own[video], maps[video]) for video in maps])
        return Pass(
            np.stack(counts),
            np.array(offsets),
            calls,
            seconds,
            calls * operations,
            lag,
            details.compute(),
        )


def _motions(video: Path) -> Iterator[NDArray[np.float32] | None]:
    with VideoReader(video, "none") as reader:
        for frame in reader:
            yield frame.motion


def keys_of(frames: Iterable[Frame], rule: Keyframes) -> Iterator[int]:
    """Of each frame the index of its keyframe."""
    is_key, key = rule.begin(), 0
    for frame in frames:
        key = frame.index if is_key(frame) else key
        yield key
