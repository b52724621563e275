"""A line of a figure: mIoU by keyframe interval and by offset."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bdnet.reports.tables.measures import Spread, Value, mean, spread
from bdnet.reports.tables.records import Evaluation


class Line(NamedTuple):
    """An experiment and how it is drawn: `colour` and `style` as matplotlib calls them."""

    experiment: str
    label: str
    colour: str
    style: str = "-"


class Curve(NamedTuple):
    """A line on one backbone, over its seeds.

    by_interval: at k = 1, 2, ...: mean over d = 0..k-1
    by_offset:   at d = 0, 1, ...
    """

    line: Line
    backbone: str
    seeds: list[int]
    by_interval: list[Spread | None]
    by_offset: list[Spread | None]


def make_curve(line: Line, backbone: str, evaluations: Mapping[int, Evaluation]) -> Curve:
    offsets: list[list[Value]] = [each.scores["miou"] for each in evaluations.values()]
    intervals = [prefix_means(each) for each in offsets]
    return Curve(
        line,
        backbone,
        list(evaluations),
        [spread(values) for values in zip(*intervals, strict=True)],
        [spread(values) for values in zip(*offsets, strict=True)],
    )


def prefix_means(miou: Sequence[Value]) -> list[Value]:
    """avg_k of every interval k up to the evaluated one, whose targets are the same at every d."""
    return [mean(miou[:k]) for k in range(1, len(miou) + 1)]
