"""Rules for keyframes: accuracy on whole videos against cost."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from tqdm import tqdm

from bdnet.benchmarks.base import CannotMeasure, markdown
from bdnet.benchmarks.networks import ready
from bdnet.codec.index import read_index
from bdnet.data.base import Sample, Split
from bdnet.data.module import ClipDataModule
from bdnet.inference.network import load
from bdnet.inference.streaming import Stream
from bdnet.keyframes.base import Keyframes
from bdnet.metrics import SegmentationByOffset
from bdnet.models.base import Step, VideoModel
from bdnet.reports.cost import gflops
from bdnet.runs.run import Run
from bdnet.types import Segmentation, cells

HEADS = (
    "keyframes", "mIoU", "share of keyframes", "frames between, mean", "at most", "GFLOPs/frame",
    "relative", "s/frame", "relative",
)  # fmt: skip
NOTES = {
    "mIoU": "of all labelled frames of the videos, one confusion matrix",
    "relative": "to the first rule: seconds are medians of the rounds, from the file to label maps",
    "GFLOPs": "per frame: two per multiply-add of convolutions and matrix products",
}


class RuleOutcome(NamedTuple):
    """The result of a rule.

    seconds: per frame, of each round
    share:   of keyframes among the frames
    longest: frames from one keyframe to the next, at most
    """

    rule: str
    miou: float
    seconds: tuple[float, ...]
    share: float
    longest: int
    gflops: float


class Outcomes(NamedTuple):
    """A measurement of rules; see `Measurement`."""

    rows: list[RuleOutcome]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def record(self) -> dict[str, Any]:
        return {"unit": "mIoU, s/frame", "rules": [row._asdict() for row in self.rows]}

    def table(self) -> str:
        first = self.rows[0]
        rows = [
            (
                row.rule,
                f"{100 * row.miou:.2f}",
                f"{row.share:.1%}",
                f"{1 / row.share:.1f}",
                str(row.longest),
                f"{row.gflops:.3f}",
                f"{row.gflops / first.gflops:.3f}",
                f"{median(row.seconds):.4f}",
                f"{median(row.seconds) / median(first.seconds):.3f}",
            )
            for row in self.rows
        ]
        return markdown(HEADS, rows)


class KeyframeRules:
    """Segments the labelled videos of a data set under several rules.

    run:    folder of a finished run
    module: its data; None: the run's own
    rules:  the others' cost is relative to that of the first
    """

    def __init__(
        self,
        run: str,
        rules: list[Keyframes],
        module: ClipDataModule | None = None,
        split: Split = "test",
        checkpoint: str = "last",
        device: str = "cpu",
    ) -> None:
        if not rules:
            raise CannotMeasure("rules=[]: give at least one rule for keyframes")
        self.trained, self.rules, self.split = load(run, checkpoint), rules, split
        self.module = module or Run(run).data()
        ours, theirs = self.trained.classes.names, self.module.dataset.classes.names
        if ours != theirs:
            raise CannotMeasure(
                f"target.run={run} has the classes {', '.join(ours)}, and the data has "
                f"{', '.join(theirs)}; use data with the same classes in the same order"
            )
        self.network = ready(self.trained.model, torch.device(device), channels_last=True)

    def measure(self, repeats: int) -> Outcomes:
        self.module.prepare_data()
        videos = self._videos()
        outcomes: list[list[RuleOutcome]] = [[] for _ in self.rules]
        frames = sum(len(read_index(video)) for video in videos)
        total = frames * len(self.rules) * repeats
        with tqdm(total=total, desc="segment", unit="frame") as bar:
            for _ in range(repeats):
                for rule, rounds in zip(self.rules, outcomes, strict=True):
                    rounds.append(self._pass(rule, videos, bar.update))
        rows = [
            rounds[-1]._replace(seconds=tuple(outcome.seconds[0] for outcome in rounds))
            for rounds in outcomes
        ]
        facts = {
            "run": self.trained.name,
            "data set": type(self.module.dataset).__name__,
            "videos": len(videos),
            "frames": frames,
            "labelled frames": sum(map(len, videos.values())),
            "threads": torch.get_num_threads(),
        }
        return Outcomes(rows, facts, NOTES)

    def _videos(self) -> dict[Path, dict[int, Sample]]:
        """The labelled samples of each video, by frame number."""
        videos: dict[Path, dict[int, Sample]] = defaultdict(dict)
        for sample in self.module.dataset.samples(self.split):
            if sample.label is not None:
                videos[sample.video][sample.target] = sample
        if not videos:
            raise CannotMeasure(f"split={self.split}: nothing has a label; choose another split")
        return videos

    def _pass(
        self, rule: Keyframes, videos: dict[Path, dict[int, Sample]], advance: Callable[[int], Any]
    ) -> RuleOutcome:
        scores = SegmentationByOffset(len(self.trained.classes), 1)
        seconds, keyframes, count, longest = 0.0, 0, 0, 1
        for video, samples in videos.items():
            keys = []
            stream = Stream(video, self.network, rule, strict=True, motion="stream")
            for segmentation, elapsed in timed(stream):
                index, labels = segmentation.index, segmentation.labels
                keys += [index] * segmentation.is_key
                if index in samples:
                    truth = self.module.dataset.labels_of(samples[index], *labels.shape)
                    predicted, true = (
                        torch.from_numpy(array).long()[None] for array in (labels, truth)
                    )
                    scores.update(predicted, true, torch.zeros(1, dtype=torch.long))
                seconds, count = seconds + elapsed, count + 1
                advance(1)
            keyframes += len(keys)
            longest = max([longest, *(after - before for before, after in pairwise(keys))])
        share = keyframes / count
        key, other = operations(self.network, *labels.shape)
        cost = share * key + (1 - share) * other
        miou = float(scores.compute().last_k)
        return RuleOutcome(str(rule), miou, (seconds / count,), share, longest, cost)


def timed(stream: Stream) -> Iterator[tuple[Segmentation, float]]:
    """Frames and the seconds that each one took, without the caller's work on it."""
    with stream:
        start = time.perf_counter()
        for segmentation in stream:
            yield segmentation, time.perf_counter() - start
            start = time.perf_counter()


@lru_cache(maxsize=1)  # all rules have the same network
@torch.no_grad()
def operations(network: VideoModel, height: int, width: int) -> tuple[float, float]:
    """Billions of operations of a keyframe and of another frame."""
    device, grid = next(network.parameters()).device, (cells(height), cells(width))
    image = torch.zeros(1, 3, height, width, device=device)
    motion = torch.zeros(1, 2, *grid, device=device)
    valid = torch.ones(1, *grid, dtype=torch.bool, device=device)
    key = partial(network.step, network.start(), Step(image, is_key=True))
    other = partial(network.step, key()[0], Step(image, motion, valid))
    return gflops(key), gflops(other)
