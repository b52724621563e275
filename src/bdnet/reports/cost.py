"""What frames cost, with networks that treat keyframes and other frames differently."""

import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from torch.utils.flop_counter import FlopCounterMode

BASELINE = "single_frame"  # whose seconds every ratio is to

# BDNet, Table 1: seconds per frame. That DFF and GRFP have ResNet-101 is our reading (DFF has the
# mIoU of that in Table 2), so their ratios are to the single-frame network of ResNet-101.
INTERVAL = 5
SECONDS = {
    BASELINE: {"resnet18": 0.22, "resnet50": 0.48, "resnet101": 0.72},
    "dff": {"resnet101": 0.32},
    "grfp": {"resnet101": 0.47},
    "bdnet": {"resnet18": 0.14, "resnet50": 0.21, "resnet101": 0.29},
}


class Cost(NamedTuple):
    """Of one frame: seconds in each round, and billions of floating-point operations.

    published: the paper's seconds, relative to its single-frame network
    """

    seconds: tuple[float, ...]
    gflops: float
    published: float | None = None


def gflops(run: Callable[[], object]) -> float:
    """Billions of operations of its convolutions and matrix products, two per multiply-add."""
    with FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops()) / 1e9


class Frames(NamedTuple):
    """The cost of a network's keyframes and other frames, up to their label maps."""

    key: Cost
    other: Cost

    def mean(self, interval: int, published: float | None = None) -> Cost:
        """Over an interval, a keyframe and those after it."""
        pairs = zip(self.key.seconds, self.other.seconds, strict=True)
        return Cost(
            tuple(amortised(key, other, interval) for key, other in pairs),
            amortised(self.key.gflops, self.other.gflops, interval),
            published,
        )

    def slowest(self) -> Cost:
        """The latency of a stream."""
        pairs = zip(self.key.seconds, self.other.seconds, strict=True)
        return Cost(tuple(map(max, pairs)), max(self.key.gflops, self.other.gflops))


class Comparison(NamedTuple):
    """Networks with one backbone, measured in the same rounds.

    networks:  by contender; all frames of the single-frame network cost the same
    label_map: the part of every frame's cost that turns logits into labels
    """

    backbone: str
    networks: Mapping[str, Frames]
    label_map: Cost

    def rows(self, intervals: list[int]) -> Iterator[tuple[str, str, Cost]]:
        """Contender, kind of frame, and its cost."""
        for name, frames in self.networks.items():
            if name == BASELINE:
                yield name, "every frame", frames.key
                yield name, "its label map", self.label_map
                continue
            yield name, "keyframe", frames.key
            yield name, "other frame", frames.other
            yield name, "slowest frame", frames.slowest()
            for interval in intervals:
                yield name, f"mean at interval {interval}", self.mean(name, interval)

    def mean(self, contender: str, interval: int) -> Cost:
        """Of a contender's frame, with the paper's ratio where it has one."""
        known = published(contender, self.backbone) if interval == INTERVAL else None
        return self.networks[contender].mean(interval, known)

    def relative(self, cost: Cost) -> tuple[float, ...]:
        """To the single-frame network, round by round."""
        single = self.networks[BASELINE].key
        return tuple(a / b for a, b in zip(cost.seconds, single.seconds, strict=True))

    def record(self, intervals: list[int]) -> dict[str, dict[str, Any]]:
        """By contender, then by kind of frame: for JSON."""
        record: dict[str, dict[str, Any]] = {name: {} for name in self.networks}
        for name, frame, cost in self.rows(intervals):
            record[name][frame] = {**cost._asdict(), "relative": self.relative(cost)}
        return record


class Costs(NamedTuple):
    """A measurement of networks; see `Measurement`."""

    comparisons: list[Comparison]
    intervals: list[int]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def record(self) -> dict[str, Any]:
        costs = {group.backbone: group.record(self.intervals) for group in self.comparisons}
        return {"unit": "s/frame", "costs": costs}

    def table(self) -> str:
        lines = [
            "| | s/frame | lowest to highest | relative | lowest to highest | paper | GFLOPs |",
            "|---|---|---|---|---|---|---|",
        ]
        for group in self.comparisons:
            for name, frame, cost in group.rows(self.intervals):
                cells = [
                    f"{group.backbone}, {name}, {frame}",
                    *_spread(cost.seconds, 3),
                    *_spread(group.relative(cost), 2),
                    "" if cost.published is None else f"{cost.published:.2f}",
                    f"{cost.gflops:.1f}",
                ]
                lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)


def restored(backbone: str, record: Mapping[str, Any]) -> Comparison:
    """The comparison that `record` was made of; a KeyError or TypeError where it was not."""

    def cost(name: str, frame: str) -> Cost:
        numbers = record[name][frame]
        return Cost(tuple(numbers["seconds"]), numbers["gflops"])

    networks = {}
    for name in record:
        key, other = ("every frame",) * 2 if name == BASELINE else ("keyframe", "other frame")
        networks[name] = Frames(cost(name, key), cost(name, other))
    return Comparison(backbone, networks, cost(BASELINE, "its label map"))


def published(contender: str, backbone: str) -> float | None:
    """The paper's seconds over those of its single-frame network."""
    seconds = SECONDS.get(contender, {}).get(backbone)
    return None if seconds is None else seconds / SECONDS[BASELINE][backbone]


def amortised(key: float, other: float, interval: int) -> float:
    return (key + (interval - 1) * other) / interval


def _spread(values: tuple[float, ...], digits: int) -> tuple[str, str]:
    """The median and the range."""
    median = statistics.median(values)
    return f"{median:.{digits}f}", f"{min(values):.{digits}f} to {max(values):.{digits}f}"
