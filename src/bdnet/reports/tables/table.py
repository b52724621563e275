"""A table of experiments: one row each, over seeds, on every backbone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pandas import DataFrame

from bdnet.reports.tables.contents import MAIN, Contents, Row
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.measures import AVG_FIRST, FIRST
from bdnet.reports.tables.mixing import check_alike
from bdnet.reports.tables.notes import notes
from bdnet.reports.tables.records import FinishedRun, Runs
from bdnet.reports.tables.render import Report, csv_bytes, latex, markdown
from bdnet.reports.tables.results_csv import results_csv

FURTHER = "Further measures in % (px at 1024x2048, scaled with the diagonal; more in the CSV):"


class Table:
    """Rows, what each is compared with, and what the paper has there.

    name:     of the files
    rows:     the arguments of each Row
    source:   where the published values stand, and what they are; None where there are none
    stand_in: the backbone whose published values stand beside one that the paper does not have
    measures: of the main table, and of its comparisons
    absent:   False leaves out rows without a run, unless other rows are compared with them
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
        experiments = {row.experiment for row in self.rows}
        for row in self.rows:
            if row.above is not None and row.above not in experiments:
                raise BadRuns(
                    f"above={row.above} of {row.experiment}: no row of {self.name} is that"
                )
        if not self.measures or set(self.measures) - MAIN.keys():
            raise BadRuns(f"measures={self.measures} of {self.name}: use some of {', '.join(MAIN)}")
        published = dict.fromkeys(name for row in self.rows for name in row.paper or {})
        if published and (self.source is None or self.stand_in not in published):
            raise BadRuns(
                f"source={self.source}, stand_in={self.stand_in} of {self.name}: its rows have "
                f"published values, so give their source and one of {', '.join(published)}"
            )

    def report(self, runs: Runs, mixed: bool) -> Report:
        contents = self.fill(runs, mixed)
        tables = {name: contents.main(name, self.measures) for name in contents.backbones}
        remarks = self.notes(contents)
        parts = [f"# {self.title}"]
        for backbone, table in tables.items():
            parts += [f"## {backbone}", markdown(table), "mIoU by offset d from the keyframe:"]
            parts.append(markdown(contents.offsets(backbone)))
            further = contents.further(backbone)
            if further is not None:
                parts += [FURTHER, markdown(further)]
        parts.append("\n".join(f"- {remark}" for remark in remarks))
        text = "\n\n".join(parts) + "\n"
        tabulars = latex(tables, [self.title, *remarks], "rl")
        files = table_files(self.name, text, tabulars, contents.saved(), contents.runs)
        return Report(text, files)

    def notes(self, contents: Contents) -> list[str]:
        """What readers have to know, one sentence or paragraph each."""
        return notes(contents, self.source, self.remarks)

    def fill(self, runs: Runs, mixed: bool) -> Contents:
        """Puts the runs into their rows, once they are known to belong together."""
        experiments = [row.experiment for row in self.rows]
        cells = runs.of(experiments)
        check_alike(cells, mixed)
        finished = [run for seeds in cells.values() for run in seeds.values()]
        unfinished = runs.unfinished_of(experiments)
        interval = finished[0].interval
        if AVG_FIRST in self.measures and interval < FIRST:
            raise BadRuns(
                f"measures={self.measures}: these runs have interval {interval}, and no mean over "
                f"the first {FIRST} frames; use avg_k"
            )
        with_runs = {run.experiment for run in finished} | {run.experiment for run in unfinished}
        rows = self._shown(with_runs)
        return Contents(rows, finished, unfinished, self.stand_in)

    def _shown(self, experiments: set[str | None]) -> list[Row]:
        """All rows; or those of experiments that have runs, and of what these are compared with."""
        if self.absent:
            return self.rows
        above = {row.experiment: row.above for row in self.rows}
        shown: set[str | None] = set()
        while experiments:
            shown |= experiments
            experiments = {above[name] for name in experiments if name and above[name]}
        return [row for row in self.rows if row.experiment in shown]


def table_files(
    name: str, text: str, tabulars: str, cells: DataFrame, runs: Iterable[FinishedRun]
) -> dict[str, bytes]:
    """Markdown, LaTeX, and two CSVs: of the table's cells, and of its runs."""
    return {
        f"{name}.md": text.encode(),
        f"{name}.csv": csv_bytes(cells),
        f"{name}_runs.csv": results_csv(runs),
        f"{name}.tex": tabulars.encode(),
    }
