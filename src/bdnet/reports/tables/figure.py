"""Accuracy against the keyframe interval: one curve per experiment, over seeds, by backbone."""

from collections.abc import Mapping, Sequence

import pandas as pd
from pandas import DataFrame

from bdnet.reports.tables.drawing import Line, draw
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.evaluations import check_same, widest
from bdnet.reports.tables.measures import plus_minus
from bdnet.reports.tables.mixing import check_alike
from bdnet.reports.tables.records import Evaluation, Key, Runs
from bdnet.reports.tables.render import Report, csv_bytes, markdown

Evaluations = Mapping[Key, Mapping[int, Evaluation]]  # by experiment and backbone, then by seed


class Figure:
    """Which experiments are drawn, and how.

    name:  of the files
    lines: the arguments of each Line
    """

    def __init__(self, name: str, lines: Sequence[Mapping[str, str]]) -> None:
        self.name = name
        self.lines = [Line(**line) for line in lines]

    def report(self, runs: Runs, mixed: bool) -> Report:
        experiments = [line.experiment for line in self.lines]
        finished = runs.of(experiments)
        check_alike(finished, mixed)
        evaluations = {
            key: {seed: widest(run) for seed, run in seeds.items()}
            for key, seeds in finished.items()
        }
        first, *others = (run for seeds in evaluations.values() for run in seeds.values())
        check_same([first, *others])
        if first.interval < 2:
            raise BadRuns(
                f"{first.path} has interval 1, of which there is no curve: "
                "python -m bdnet.evaluate run=FOLDER interval=10"
            )
        backbones = sorted({backbone for _, backbone in finished})
        cells = [(line, backbone) for backbone in backbones for line in self.lines]
        drawn = [cell for cell in cells if (cell[0].experiment, cell[1]) in finished]
        points = pd.concat(_points(*cell, evaluations) for cell in drawn)
        seeds = sorted({seed for key in finished for seed in finished[key]})
        data = first.data
        caption = (
            f"{data['name']}, split {data['split']}, {data['targets']} targets, the same at every "
            f"d; seeds {', '.join(map(str, seeds))}; bands: ± 1 standard deviation over seeds"
        )
        head = "mIoU in %, mean over d=0..k-1, by keyframe interval k:"
        notes = [head, _table(points), caption]
        absent = [f"{cell[0].label} on {cell[1]}" for cell in cells if cell not in drawn]
        if absent:
            notes.append(f"No finished run: {', '.join(absent)}.")
        notes += [
            f"Unfinished, not drawn: {run.experiment} on {run.backbone}, seed {run.seed} "
            f"({run.folder})."
            for run in runs.unfinished_of(experiments)
        ]
        pictures = draw(points, self.lines, caption)
        files = {f"{self.name}.{ending}": content for ending, content in pictures.items()}
        return Report("\n\n".join(notes) + "\n", {**files, f"{self.name}.csv": csv_bytes(points)})


def _points(line: Line, backbone: str, evaluations: Evaluations) -> DataFrame:
    """Shares of 1: mIoU at x = d where `axis` is offset; mean over d = 0..k-1 at x = k where it is
    interval. The targets are the same at every d, so smaller intervals need no runs of their own.
    """
    runs = evaluations[line.experiment, backbone]
    offset = DataFrame([run.scores["miou"] for run in runs.values()], dtype=float)
    interval = offset.rename(columns=lambda d: d + 1).cumsum(axis="columns", skipna=False)
    interval /= interval.columns.to_numpy()
    return pd.concat(
        DataFrame(
            {
                "experiment": line.experiment,
                "label": line.label,
                "backbone": backbone,
                "seeds": len(runs),
                "axis": axis,
                "x": miou.columns,
                "miou_mean": miou.mean(skipna=False),
                "miou_std": miou.std(skipna=False),
            }
        )
        for axis, miou in (("interval", interval), ("offset", offset))
    )


def _table(points: DataFrame) -> str:
    """mIoU at every keyframe interval."""
    points = points[points["axis"] == "interval"]
    cell = ["backbone", "label", "seeds"]
    rows = [
        {"backbone": backbone, "network": label, "seeds": str(seeds)}
        | {f"k={k:.0f}": plus_minus(*pair) for k, *pair in curve.to_numpy()}
        for (backbone, label, seeds), curve in points.groupby(cell, sort=False)[
            ["x", "miou_mean", "miou_std"]
        ]
    ]
    return markdown(DataFrame(rows))
