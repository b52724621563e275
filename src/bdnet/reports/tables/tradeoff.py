"""A table of accuracy beside seconds per frame: the teacher, then the networks on each backbone."""

from collections.abc import Mapping, Sequence
from typing import Any

from bdnet.reports.cost import SECONDS, published
from bdnet.reports.tables.balance import Balance, CostLine, Paper, Speed
from bdnet.reports.tables.balance_page import lines_csv, lines_latex, lines_page
from bdnet.reports.tables.base import Report
from bdnet.reports.tables.benchmarks import COMMAND, Benchmark, read_benchmarks
from bdnet.reports.tables.collect import Runs
from bdnet.reports.tables.contents import Cell, Contents, Row, make_cell
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.evaluations import at
from bdnet.reports.tables.mixing import APART, check_alike
from bdnet.reports.tables.table import Table
from bdnet.reports.tables.tidy import runs_csv

NOWHERE = "-"  # the backbone of a teacher without runs


class Tradeoff:
    """Accuracy of runs and seconds of benchmarks, beside the paper's.

    teacher: the arguments of a Row, but `paper` is one value
    rows:    the arguments of each Row, and `contender`, the network's name in a benchmark
    costs:   files of benchmarks; None shows no seconds
    others:  the arguments of Table
    """

    def __init__(
        self,
        name: str,
        title: str,
        source: str,
        stand_in: str,
        teacher: Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]],
        remarks: Sequence[str] = (),
        costs: str | Sequence[str] | None = None,
    ) -> None:
        self.name = name
        self.costs = [costs] if isinstance(costs, str) else costs or []
        self.teacher = Row(teacher["experiment"], teacher["label"])
        self.teacher_percent = teacher["paper"]
        self.contenders = [row["contender"] for row in rows]
        plain = [{key: row[key] for key in row if key != "contender"} for row in rows]
        self.table = Table(name, title, plain, source, stand_in, remarks)

    def report(self, runs: Runs, mixed: bool) -> Report:
        balance = self.fill(runs, mixed)
        text = lines_page(balance)
        teachers = [run for line in balance.teachers for run in line.cell.runs.values()]
        files = {
            ".md": text.encode(),
            ".csv": lines_csv(balance),
            "_runs.csv": runs_csv([*teachers, *balance.contents.runs()]),
            ".tex": lines_latex(balance).encode(),
        }
        return Report(text, {self.name + ending: content for ending, content in files.items()})

    def fill(self, runs: Runs, mixed: bool) -> Balance:
        """The rows on every backbone that a finished run has, and every teacher."""
        benchmarks = read_benchmarks(self.costs)
        contents = self.table.fill(runs, mixed)
        lines = {
            backbone: [
                self._line(backbone, cell, contender, contents, benchmarks)
                for cell, contender in zip(cells, self.contenders, strict=True)
            ]
            for backbone, cells in contents.cells.items()
        }
        self._check_matched(lines, benchmarks)
        return Balance(contents, self._teachers(runs, mixed, contents.interval), lines, benchmarks)

    def _line(
        self,
        backbone: str,
        cell: Cell,
        contender: str,
        contents: Contents,
        benchmarks: Sequence[Benchmark],
    ) -> CostLine:
        speed, column = None, contents.columns[backbone]
        for benchmark in benchmarks:
            comparison = benchmark.comparisons.get(backbone)
            if comparison is not None and contender in comparison.networks:
                cost = comparison.mean(contender, contents.interval)
                speed = Speed(cost, comparison.relative(cost))
        percent, _ = contents.published(cell.row, backbone)
        seconds = SECONDS.get(contender, {}).get(column)
        paper = Paper(percent, seconds, published(contender, column))
        return CostLine(backbone, cell, contender, speed, paper)

    def _teachers(self, runs: Runs, mixed: bool, interval: int) -> list[CostLine]:
        """Their runs are of interval 1, unless they were evaluated at the others'."""
        experiment = self.teacher.experiment
        names = [experiment, *(row.experiment for row in self.table.rows)]
        check_alike(runs.of(names), mixed, APART)
        every = {key: seeds for key, seeds in runs.of(names).items() if key[0] == experiment}
        found = {
            backbone: {seed: at(run, interval) for seed, run in seeds.items()}
            for (_, backbone), seeds in every.items()
        }
        for backbone, seeds in found.items():
            check_alike({(experiment, backbone): seeds}, mixed)
        waiting = runs.unfinished_of([experiment])
        backbones = sorted({*found, *(run.backbone for run in waiting)}) or [NOWHERE]
        return [
            CostLine(
                backbone,
                make_cell(
                    self.teacher,
                    found.get(backbone, {}),
                    {},
                    sorted(run.seed for run in waiting if run.backbone == backbone),
                ),
                *(None, None, Paper(self.teacher_percent)),
            )
            for backbone in backbones
        ]

    def _check_matched(
        self, lines: Mapping[str, Sequence[CostLine]], benchmarks: Sequence[Benchmark]
    ) -> None:
        if not benchmarks or any(line.speed for group in lines.values() for line in group):
            return
        measured = [
            f"{', '.join(comparison.networks)} on {backbone}"
            for benchmark in benchmarks
            for backbone, comparison in benchmark.comparisons.items()
        ]
        wanted = ",".join(lines)
        raise BadRuns(
            f"costs={','.join(self.costs)}: measured are {'; '.join(measured) or 'none'}, but the "
            f"table has {', '.join(self.contenders)} on {', '.join(lines)}: "
            f"{COMMAND} 'target.backbones=[{wanted}]'"
        )
