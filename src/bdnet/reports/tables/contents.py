"""What stands in a filled table."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bdnet.reports.tables.collect import FinishedRun, UnfinishedRun
from bdnet.reports.tables.measures import Spread, measures, paired, spread


class Row(NamedTuple):
    """A line of the table.

    above: the experiment that this one is compared with
    paper: the published values by backbone, in %; None of our own controls
    """

    experiment: str
    label: str
    above: str | None = None
    paper: Mapping[str, float] | None = None


class Cell(NamedTuple):
    """One row on one backbone, over its seeds.

    runs:        the finished ones by seed
    unfinished:  the seeds of the others
    spreads:     by measure, shares of 1
    pairs:       seeds that the row above has too
    differences: by measure, this row minus the one above, of those seeds
    """

    row: Row
    runs: Mapping[int, FinishedRun]
    unfinished: list[int]
    spreads: dict[str, Spread | None]
    pairs: list[int]
    differences: dict[str, Spread | None]


def make_cell(
    row: Row,
    runs: Mapping[int, FinishedRun],
    above: Mapping[int, FinishedRun],
    unfinished: list[int],
) -> Cell:
    """`above` are the runs of the row that this one is compared with."""
    ours = {seed: measures(run.scores) for seed, run in runs.items()}
    theirs = {seed: measures(run.scores) for seed, run in above.items()}
    pairs = [seed for seed in ours if seed in theirs]
    names = dict.fromkeys(name for each in ours.values() for name in each)
    spreads = {name: spread([each.get(name) for each in ours.values()]) for name in names}
    differences = {
        name: paired(
            [ours[seed].get(name) for seed in pairs], [theirs[seed].get(name) for seed in pairs]
        )
        for name in names
    }
    return Cell(row, runs, unfinished, spreads, pairs, differences)


class Contents(NamedTuple):
    """A filled table.

    interval: of all runs, in frames
    measures: of the main table
    cells:    by backbone, one per row
    source:   of the published values; None where no row has one
    columns:  by backbone, whose published values stand beside it; empty where no row has one
    """

    title: str
    source: str | None
    remarks: Sequence[str]
    rows: Sequence[Row]
    interval: int
    measures: Sequence[str]
    cells: Mapping[str, list[Cell]]
    columns: Mapping[str, str]
    unfinished: Sequence[UnfinishedRun]

    def runs(self) -> list[FinishedRun]:
        cells = [cell for cells in self.cells.values() for cell in cells]
        return [run for cell in cells for run in cell.runs.values()]

    def number(self, experiment: str) -> int:
        """Of a row, from 1."""
        return [row.experiment for row in self.rows].index(experiment) + 1

    def published(self, row: Row, backbone: str) -> tuple[float | None, float | None]:
        """The paper's value in %, and its difference to the row above."""
        above = self.rows[self.number(row.above) - 1] if row.above else None
        column = self.columns.get(backbone, "")
        value = (row.paper or {}).get(column)
        other = (above.paper or {}).get(column) if above else None
        return value, None if value is None or other is None else value - other
