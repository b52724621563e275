"""Accuracy against the keyframe interval: one line per experiment, over seeds, by backbone."""

from collections.abc import Mapping, Sequence

from bdnet.reports.tables.base import Report, csv_bytes, markdown
from bdnet.reports.tables.collect import Runs
from bdnet.reports.tables.curves import Curve, Line, make_curve
from bdnet.reports.tables.drawing import draw
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.evaluations import check_same, widest
from bdnet.reports.tables.mixing import check_alike
from bdnet.reports.tables.records import Evaluation
from bdnet.reports.tables.render import percent


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
        found = runs.of(experiments)
        check_alike(found, mixed)
        evaluations = {
            key: {seed: widest(run) for seed, run in seeds.items()} for key, seeds in found.items()
        }
        every = [each for seeds in evaluations.values() for each in seeds.values()]
        check_same(every)
        if every[0].interval < 2:
            raise BadRuns(
                f"{every[0].path} has interval 1, of which there is no curve: "
                "python -m bdnet.evaluate run=FOLDER interval=10"
            )
        curves = [
            make_curve(line, backbone, evaluations[line.experiment, backbone])
            for backbone in sorted({backbone for _, backbone in found})
            for line in self.lines
            if (line.experiment, backbone) in evaluations
        ]
        caption = _caption(every[0], curves, self.lines)
        unfinished = [
            f"Unfinished, not drawn: {run.experiment} on {run.backbone}, seed {run.seed} "
            f"({run.folder})."
            for run in runs.unfinished_of(experiments)
        ]
        text = "\n\n".join([_table(curves, every[0].interval), *caption, *unfinished]) + "\n"
        pictures = draw(curves, caption[0])
        files = {f"{self.name}.{ending}": content for ending, content in pictures.items()}
        return Report(text, {**files, f"{self.name}.csv": csv_bytes(_points(curves))})


def _caption(shown: Evaluation, curves: Sequence[Curve], lines: Sequence[Line]) -> list[str]:
    """What was measured on what, and what is not there."""
    data = shown.data
    seeds = sorted({seed for curve in curves for seed in curve.seeds})
    drawn = {(curve.line.experiment, curve.backbone) for curve in curves}
    absent = [
        f"{line.label} on {backbone}"
        for backbone in dict.fromkeys(curve.backbone for curve in curves)
        for line in lines
        if (line.experiment, backbone) not in drawn
    ]
    facts = (
        f"{data['name']}, split {data['split']}, {data['targets']} targets, the same at every d; "
        f"seeds {', '.join(map(str, seeds))}; bands: ± 1 standard deviation over seeds"
    )
    return [facts, *([f"No finished run: {', '.join(absent)}."] if absent else [])]


def _table(curves: Sequence[Curve], interval: int) -> str:
    """Markdown: mIoU at every keyframe interval."""
    head = ["backbone", "network", "seeds", *(f"k={k}" for k in range(1, interval + 1))]
    body = [
        [curve.backbone, curve.line.label, str(len(curve.seeds)), *map(percent, curve.by_interval)]
        for curve in curves
    ]
    return f"mIoU in %, mean over d=0..k-1, by keyframe interval k:\n\n{markdown(head, body)}"


def _points(curves: Sequence[Curve]) -> list[dict[str, object]]:
    """One line per point; shares of 1. x is k where `axis` is interval, d where it is offset."""
    return [
        {
            "experiment": curve.line.experiment,
            "label": curve.line.label,
            "backbone": curve.backbone,
            "seeds": len(curve.seeds),
            "axis": axis,
            "x": x,
            "miou_mean": found and found.mean,
            "miou_std": found and found.deviation,
        }
        for curve in curves
        for axis, values, start in (
            ("interval", curve.by_interval, 1),
            ("offset", curve.by_offset, 0),
        )
        for x, found in enumerate(values, start)
    ]
