"""A table filled with runs: one row per experiment, over seeds, on each backbone."""

from collections.abc import Mapping, Sequence
from typing import Any

from bdnet.reports.tables.base import Report
from bdnet.reports.tables.collect import Runs
from bdnet.reports.tables.contents import Contents, Row, make_cell
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.measures import AVG_FIRST, FIRST
from bdnet.reports.tables.mixing import check_alike
from bdnet.reports.tables.render import MAIN, latex, page
from bdnet.reports.tables.tidy import cells_csv, runs_csv


class Table:
    """Rows, what each is compared with, and what the paper has there.

    name:     of the files
    rows:     the arguments of each Row
    source:   where the published values stand, and what they are; None where there are none
    stand_in: the backbone whose published values stand beside one that the paper does not have
    measures: of the main table, and of its comparisons
    absent:   False leaves out the rows without a run, unless others are compared with them
    """

    def __init__(
        self,
        name: str,
        title: str,
        rows: Sequence[Mapping[str, Any]],
        source: str | None = None,
        stand_in: str | None = None,
        remarks: Sequence[str] = (),
        measures: Sequence[str] = ("avg_k", "last_k"),
        absent: bool = True,
    ) -> None:
        self.name, self.title, self.source = name, title, source
        self.remarks, self.stand_in, self.measures = remarks, stand_in, measures
        self.absent = absent
        self.rows = [Row(**row) for row in rows]
        self._check()

    def _check(self) -> None:
        known = {row.experiment for row in self.rows}
        for row in self.rows:
            if row.above is not None and row.above not in known:
                raise BadRuns(
                    f"above={row.above} of {row.experiment}: no row of {self.name} is that"
                )
        strange = set(self.measures) - MAIN.keys()
        if strange or not self.measures:
            raise BadRuns(f"measures={self.measures} of {self.name}: say some of {', '.join(MAIN)}")
        published = self._published()
        if published and (self.source is None or self.stand_in not in published):
            raise BadRuns(
                f"source={self.source}, stand_in={self.stand_in} of {self.name}: its rows have "
                f"published values, so say their source and one of {', '.join(published)}"
            )

    def report(self, runs: Runs, mixed: bool) -> Report:
        contents = self.fill(runs, mixed)
        text = page(contents)
        files = {
            ".md": text.encode(),
            ".csv": cells_csv(contents),
            "_runs.csv": runs_csv(contents.runs()),
            ".tex": latex(contents).encode(),
        }
        return Report(text, {self.name + ending: content for ending, content in files.items()})

    def fill(self, runs: Runs, mixed: bool) -> Contents:
        """Every row on every backbone that a finished run has."""
        experiments = [row.experiment for row in self.rows]
        found = runs.of(experiments)
        check_alike(found, mixed)
        unfinished = runs.unfinished_of(experiments)
        rows = self._shown({*(name for name, _ in found), *(run.experiment for run in unfinished)})
        cells = {}
        for backbone in self._ordered({backbone for _, backbone in found}):
            waiting = [run for run in unfinished if run.backbone == backbone]
            cells[backbone] = [
                make_cell(
                    row,
                    found.get((row.experiment, backbone), {}),
                    found.get((row.above or "", backbone), {}),
                    sorted(run.seed for run in waiting if run.experiment == row.experiment),
                )
                for row in rows
            ]
        published = self._published()
        columns = {
            each: each if each in published else str(self.stand_in) for each in cells if published
        }
        (interval,) = {run.interval for seeds in found.values() for run in seeds.values()}
        if AVG_FIRST in self.measures and interval < FIRST:
            raise BadRuns(
                f"measures={self.measures}: these runs have interval {interval}, and no mean over "
                f"the first {FIRST} frames; say avg_k"
            )
        return Contents(
            title=self.title,
            source=self.source,
            remarks=self.remarks,
            rows=rows,
            interval=interval,
            measures=self.measures,
            cells=cells,
            columns=columns,
            unfinished=unfinished,
        )

    def _shown(self, begun: set[str | None]) -> list[Row]:
        if self.absent:
            return self.rows
        above = {row.experiment: row.above for row in self.rows}
        shown: set[str | None] = set()
        for experiment in begun:
            name = experiment
            while name is not None and name not in shown:
                shown.add(name)
                name = above[name]
        return [row for row in self.rows if row.experiment in shown]

    def _published(self) -> list[str]:
        """The backbones that the paper has, in its order."""
        return list(dict.fromkeys(name for row in self.rows for name in row.paper or {}))

    def _ordered(self, backbones: set[str]) -> list[str]:
        """The paper's first."""
        known = [each for each in self._published() if each in backbones]
        return known + sorted(backbones - set(known))
