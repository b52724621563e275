"""What stands in a table of accuracy and seconds per frame."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from bdnet.reports.cost import Cost
from bdnet.reports.tables.benchmarks import Benchmark
from bdnet.reports.tables.contents import Cell, Contents


class Speed(NamedTuple):
    """A frame's cost at the runs' interval, and by round its ratio to the single-frame network."""

    cost: Cost
    relative: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return median(self.cost.seconds)

    @property
    def ratio(self) -> float:
        return median(self.relative)


class Paper(NamedTuple):
    """Published: mIoU in %, seconds per frame, and their ratio to the single-frame network."""

    percent: float | None
    seconds: float | None = None
    ratio: float | None = None


class CostLine(NamedTuple):
    """A network on a backbone.

    contender: its name in a benchmark; None of a teacher
    speed:     None where it was not measured
    """

    backbone: str
    cell: Cell
    contender: str | None
    speed: Speed | None
    paper: Paper


class Balance(NamedTuple):
    """A filled table.

    contents: the runs but the teachers'
    teachers: one line for each backbone that they have; without a run, one line in all
    lines:    by backbone, one per row
    """

    contents: Contents
    teachers: Sequence[CostLine]
    lines: Mapping[str, Sequence[CostLine]]
    benchmarks: Sequence[Benchmark]

    def groups(self) -> list[Sequence[CostLine]]:
        """All lines, as rules part them."""
        return [self.teachers, *self.lines.values()]
