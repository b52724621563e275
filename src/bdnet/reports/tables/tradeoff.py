"""Table 1: accuracy beside seconds per frame, of the teacher and of networks on each backbone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from pandas import DataFrame

from bdnet.reports.cost import SECONDS, published
from bdnet.reports.tables.benchmarks import (
    COMMAND,
    Benchmark,
    cost_notes,
    read_benchmarks,
    seconds_per_frame,
)
from bdnet.reports.tables.contents import Contents, Row
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.evaluations import at, evaluate_command
from bdnet.reports.tables.measures import ABSENT, fixed, plus_minus
from bdnet.reports.tables.mixing import OTHER_INTERVALS, check_alike
from bdnet.reports.tables.notes import code, listed
from bdnet.reports.tables.records import FinishedRun, Runs, UnfinishedRun
from bdnet.reports.tables.render import Report, latex, markdown
from bdnet.reports.tables.table import Table, table_files

ACCURACY = [
    *("experiment", "label", "backbone", "interval", "seeds", "unfinished"),
    *("avg_k_mean", "avg_k_std", "last_k_mean", "last_k_std", "paper_backbone", "paper_percent"),
]


class Tradeoff:
    """Accuracy of runs and seconds of benchmarks, beside the paper's.

    teacher: the arguments of a Row, but `paper` is a single value
    rows:    the arguments of each Row, and `contender`, the network's name in a benchmark
    costs:   files of benchmarks; None shows no seconds
    The other arguments are those of Table.
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
        self.costs = [costs] if isinstance(costs, str) else costs or []
        self.teacher = Row(teacher["experiment"], teacher["label"])
        self.teacher_percent: float = teacher["paper"]
        self.contenders: dict[str, str] = {row["experiment"]: row["contender"] for row in rows}
        plain = [{key: row[key] for key in row if key != "contender"} for row in rows]
        self.table = Table(name, title, plain, source, stand_in, remarks)

    def report(self, runs: Runs, mixed: bool) -> Report:
        benchmarks = read_benchmarks(self.costs)
        contents = self.table.fill(runs, mixed)
        teachers = self._teachers(runs, mixed, contents.interval)
        unfinished = runs.unfinished_of([self.teacher.experiment])
        lines = self._lines(contents, teachers, unfinished, benchmarks)
        notes = [
            *self.table.notes(contents),
            *_teacher_notes(self.teacher.label, teachers, unfinished, contents),
            *cost_notes(benchmarks, contents.interval, contents.backbones),
        ]
        name, title, table = self.table.name, self.table.title, _printed(lines, contents)
        bullets = "\n".join(f"- {note}" for note in notes)
        text = f"# {title}\n\n{markdown(table)}\n\n{bullets}\n"
        finished = [run for seeds in teachers for run in seeds] + contents.runs
        tabular = latex({title: table}, notes, "rll")
        return Report(text, table_files(name, text, tabular, lines, finished))

    def _teachers(self, runs: Runs, mixed: bool, interval: int) -> list[list[FinishedRun]]:
        """By backbone; their own test has interval 1, so an evaluation at the others' is taken."""
        experiment = self.teacher.experiment
        finished = runs.of([experiment, *self.contenders])
        check_alike(finished, mixed, OTHER_INTERVALS)
        teachers = []
        for key, seeds in sorted(finished.items()):
            if key[0] == experiment:
                evaluated = {seed: at(run, interval) for seed, run in seeds.items()}
                check_alike({key: evaluated}, mixed)
                teachers.append(list(evaluated.values()))
        return teachers

    def _lines(
        self,
        contents: Contents,
        teachers: Sequence[Sequence[FinishedRun]],
        unfinished: Sequence[UnfinishedRun],
        benchmarks: Sequence[Benchmark],
    ) -> DataFrame:
        """For the CSV: shares of 1, but the paper's mIoU in %; the teacher has no contender."""
        absent = {
            "experiment": self.teacher.experiment,
            "label": self.teacher.label,
            "backbone": unfinished[0].backbone if unfinished else ABSENT,
            "seeds": 0,
            "unfinished": len(unfinished),
        }
        parts = [
            Contents([self.teacher], seeds, unfinished, None).saved() for seeds in teachers
        ] or [DataFrame([absent])]
        parts = [part.assign(paper_percent=self.teacher_percent) for part in parts]
        lines = pd.concat([*parts, contents.saved()], ignore_index=True)[ACCURACY]
        lines["contender"] = lines["experiment"].map(self.contenders)
        costs = seconds_per_frame(benchmarks, contents.interval)
        lines = lines.join(costs, on=["backbone", "contender"])
        if benchmarks and lines["rounds"].isna().all():
            raise BadRuns(
                f"costs={','.join(self.costs)}: measured are {listed(map(' '.join, costs.index))}, "
                f"but the table has {listed(self.contenders.values())} on "
                f"{listed(contents.backbones)}: "
                f"{COMMAND} 'target.backbones=[{','.join(contents.backbones)}]'"
            )
        cells = list(zip(lines["contender"], lines["paper_backbone"], strict=True))
        return lines.assign(
            interval=lines["interval"].astype("Int64"),
            paper_seconds=[SECONDS.get(network, {}).get(backbone) for network, backbone in cells],
            paper_relative=[published(network, backbone) for network, backbone in cells],
        )


def _printed(lines: DataFrame, contents: Contents) -> DataFrame:
    last = contents.interval - 1

    def accuracy(name: str) -> list[str]:
        pairs = zip(lines[f"{name}_mean"], lines[f"{name}_std"], strict=True)
        return [plus_minus(*pair) for pair in pairs]

    table = DataFrame(
        {
            "row": [str(contents.numbers.get(name, ABSENT)) for name in lines["experiment"]],
            "network": lines["label"],
            "backbone": lines["backbone"],
            f"mean d=0..{last} (avg_k)": accuracy("avg_k"),
            f"d={last} (last_k)": accuracy("last_k"),
            "seeds": lines["seeds"].astype(str),
            "paper mIoU": fixed(lines["paper_percent"], ".1f"),
            "s/frame": fixed(lines["seconds_median"], ".3f"),
            "relative": fixed(lines["relative_median"], ".2f"),
            "paper s/frame": fixed(lines["paper_seconds"], ".2f"),
            "paper relative": fixed(lines["paper_relative"], ".2f"),
        }
    )
    table.loc[lines["seeds"] == 0, ["seeds", table.columns[3]]] = ABSENT, "no run"
    table.loc[(lines["seeds"] == 0) & (lines["unfinished"] > 0), table.columns[3]] = "unfinished"
    table.loc[lines["contender"].notna() & lines["rounds"].isna(), "s/frame"] = "not measured"
    return table


def _teacher_notes(
    label: str,
    teachers: Sequence[Sequence[FinishedRun]],
    unfinished: Sequence[UnfinishedRun],
    contents: Contents,
) -> Iterator[str]:
    """On what they were tested, which may not be what the others were."""
    k, targets = contents.interval, contents.runs[0].data["targets"]
    for run in unfinished:
        yield f"Unfinished, not counted: {label} on {run.backbone}, seed {run.seed}."
    for first, *others in teachers:
        seeds = listed(run.seed for run in [first, *others])
        yield (
            f"{label} on {first.backbone}: interval {first.interval}, {first.data['targets']} "
            f"targets, steps {first.steps}, seeds {seeds}, {code(first)}."
        )
        if (first.interval, first.data["targets"]) != (k, targets):
            yield (
                f"The others have interval {k} and {targets} targets; to score it on them: "
                f"{evaluate_command(first.folder, k)}"
            )
