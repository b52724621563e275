"""What a frame costs with a network that treats keyframes and other frames differently."""

import statistics
from typing import Any, NamedTuple


class Cost(NamedTuple):
    """Of one frame: seconds in each round of turns, and billions of floating-point operations.

    published: the paper's seconds, relative to its single-frame network
    """

    seconds: tuple[float, ...]
    gflops: float
    published: float | None = None


class Comparison(NamedTuple):
    """Both networks with one backbone; every cost is of a frame up to its label map."""

    backbone: str
    single: Cost
    key: Cost
    other: Cost
    label_map: Cost  # a part of the three

    def rows(self, intervals: list[int]) -> dict[str, Cost]:
        means = {f"mean at interval {interval}": self.mean(interval) for interval in intervals}
        return {
            "single-frame": self.single,
            "keyframe": self.key,
            "other frame": self.other,
            "slowest frame": self.slowest(),
            **means,
            "label map of each": self.label_map,
        }

    def mean(self, interval: int) -> Cost:
        """A keyframe's cost spread over the frames that live on it."""
        pairs = zip(self.key.seconds, self.other.seconds, strict=True)
        return Cost(
            tuple(amortised(key, other, interval) for key, other in pairs),
            amortised(self.key.gflops, self.other.gflops, interval),
            PUBLISHED.get((self.backbone, interval)),
        )

    def slowest(self) -> Cost:
        """What a stream has to wait for."""
        pairs = zip(self.key.seconds, self.other.seconds, strict=True)
        return Cost(tuple(map(max, pairs)), max(self.key.gflops, self.other.gflops))

    def relative(self, cost: Cost) -> tuple[float, ...]:
        """To the single-frame network, round by round."""
        pairs = zip(cost.seconds, self.single.seconds, strict=True)
        return tuple(seconds / single for seconds, single in pairs)


class Costs(NamedTuple):
    """A measurement of networks; see `Measurement`."""

    comparisons: list[Comparison]
    intervals: list[int]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def record(self) -> dict[str, Any]:
        return {
            "unit": "s/frame",
            "costs": {
                each.backbone: {
                    name: {**cost._asdict(), "relative": each.relative(cost)}
                    for name, cost in each.rows(self.intervals).items()
                }
                for each in self.comparisons
            },
        }

    def table(self) -> str:
        lines = [
            "| | s/frame | lowest to highest | relative | lowest to highest | paper | GFLOPs |",
            "|---|---|---|---|---|---|---|",
        ]
        for each in self.comparisons:
            for name, cost in each.rows(self.intervals).items():
                cells = [
                    f"{each.backbone}, {name}",
                    *_spread(cost.seconds, 3),
                    *_spread(each.relative(cost), 2),
                    "" if cost.published is None else f"{cost.published:.2f}",
                    f"{cost.gflops:.1f}",
                ]
                lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)


# BDNet, Table 1: seconds per frame over those of the single-frame network with the same backbone
PUBLISHED = {
    ("resnet18", 5): 0.14 / 0.22,
    ("resnet50", 5): 0.21 / 0.48,
    ("resnet101", 5): 0.29 / 0.72,
}


def amortised(key: float, other: float, interval: int) -> float:
    return (key + (interval - 1) * other) / interval


def _spread(values: tuple[float, ...], digits: int) -> tuple[str, str]:
    """The median, and from where to where they go."""
    median = statistics.median(values)
    return f"{median:.{digits}f}", f"{min(values):.{digits}f} to {max(values):.{digits}f}"
