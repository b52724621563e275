"""Runs as one tidy CSV: a row per run and measure, which is how results are kept and shared."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pandas import DataFrame

from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.measures import Value, measures
from bdnet.reports.tables.records import Evaluation, FinishedRun, check_scores
from bdnet.reports.tables.render import csv_bytes

WHO = ("experiment", "backbone", "seed", "digest")
FACTS = ("data", "split", "targets", "interval", "steps", "parameters", "checkpoint", "recipe",
         "version", "commit", "hardware")  # fmt: skip
COLUMNS = (
    "experiment", "backbone", "data", "split", "targets", "seed", "interval", "steps",
    "parameters", "checkpoint", "recipe", "version", "commit", "digest", "hardware",
    "metric", "value",
)  # fmt: skip
INTEGERS = ("targets", "seed", "interval", "steps", "parameters")
OPTIONAL = ("experiment", "recipe", "commit", "hardware")
DIGITS = 6  # of a value
FIX = "write the file again with python -m bdnet.report, or restore it"
OFFSETS = re.compile(r"(miou|boundary_iou|boundary_f_([\d.]+))_d(\d+)")
DERIVED = re.compile(r"avg_5|boundary_iou_avg_k|boundary_f_[\d.]+_avg_k")  # of the offsets' values

Row = dict[str, Any]


def results_csv(runs: Iterable[FinishedRun]) -> bytes:
    """One row per run, interval and measure; values are shares of 1, and empty where undefined.

    The rows of a run's own interval come first, then those of its other evaluations.
    """
    return csv_bytes(DataFrame(row for run in runs for row in _rows(run)))


def _rows(run: FinishedRun) -> Iterator[Row]:
    own = Evaluation(run.folder, run.interval, run.data, run.scores)
    for evaluation in (own, *run.evaluations):
        facts = {
            **{name: getattr(run, name, None) for name in COLUMNS[:-2]},
            "data": evaluation.data["name"],
            "split": evaluation.data["split"],
            "targets": evaluation.data["targets"],
            "interval": evaluation.interval,
        }
        for metric, value in measures(evaluation.scores).items():
            rounded = None if value is None else round(value, DIGITS)
            yield {**facts, "metric": metric, "value": rounded}


def read_results(path: Path) -> list[FinishedRun]:
    """The runs of a CSV, in the order in which they stand there."""
    runs: dict[tuple[object, ...], dict[int, tuple[Row, dict[str, Value]]]] = {}
    for line, row in _read(path):
        evaluations = runs.setdefault(tuple(row[name] for name in WHO), {})
        facts, values = evaluations.setdefault(row["interval"], (row, {}))
        for name in FACTS:
            if facts[name] != row[name]:
                raise BadRuns(
                    f"{path}, line {line}: {name} {row[name]}, but {facts[name]} in the same run's "
                    f"earlier rows; {FIX}"
                )
        if row["metric"] in values:
            raise BadRuns(
                f"{path}, line {line}: {row['metric']} of the same run again; "
                f"keep one of two runs with the same configuration and seed"
            )
        values[row["metric"]] = row["value"]
    return [_run(path, list(evaluations.values())) for evaluations in runs.values()]


def _read(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows with their line numbers."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames is None or set(reader.fieldnames) != set(COLUMNS):
                raise BadRuns(
                    f"{path}, line 1: columns {', '.join(reader.fieldnames or ['none'])}, not "
                    f"{', '.join(COLUMNS)}; {FIX}"
                )
            for row in reader:
                yield reader.line_num, _typed(row, f"{path}, line {reader.line_num}")
    except (OSError, ValueError, csv.Error) as error:
        raise BadRuns(f"runs={path}: cannot be read as CSV ({error}); {FIX}") from error


def _typed(row: Mapping[str, str | None], where: str) -> Row:
    if None in row or None in row.values():
        raise BadRuns(f"{where}: not {len(COLUMNS)} cells; {FIX}")
    cells: Row = dict(row)
    for name in COLUMNS[:-1]:
        if not cells[name] and name not in OPTIONAL:
            raise BadRuns(f"{where}: no {name}; {FIX}")
        cells[name] = cells[name] or None
    try:
        for name in INTEGERS:
            cells[name] = int(cells[name])
        cells["value"] = float(cells["value"]) if cells["value"] else None
    except ValueError as error:
        raise BadRuns(f"{where}: {error}, where a number is expected; {FIX}") from error
    return cells


def _run(path: Path, evaluations: list[tuple[Row, dict[str, Value]]]) -> FinishedRun:
    facts, _ = evaluations[0]
    folder = path / (facts["experiment"] or "none") / facts["backbone"] / f"seed={facts['seed']}"
    own, *others = (_evaluation(folder, *evaluation) for evaluation in evaluations)
    return FinishedRun(
        folder,
        **{name: facts[name] for name in FinishedRun._fields if name in facts and name != "data"},
        data=own.data,
        scores=own.scores,
        evaluations=tuple(others),
    )


def _evaluation(folder: Path, facts: Row, values: Mapping[str, Value]) -> Evaluation:
    try:
        scores = restored(values)
        check_scores(scores, facts["interval"], folder)
    except (KeyError, ValueError) as error:
        raise BadRuns(f"{folder}: lacks or garbles {error}; {FIX}") from error
    data = {"name": facts["data"], "split": facts["split"], "targets": facts["targets"]}
    return Evaluation(folder, facts["interval"], data, scores)


def restored(values: Mapping[str, Value]) -> dict[str, Any]:
    """The scores that `measures` made these values of; IoU of classes as means over offsets."""
    scores: dict[str, Any] = {name: values[name] for name in ("avg_k", "avg", "last_k")}
    scores |= {"miou": [], "iou": {}, "iou_avg_k": {}, "boundary_f": {}, "video": None}
    video: dict[str, Any] = {"miou": values.get("video_miou"), "consistency": {}}
    for name, value in values.items():
        if offset := OFFSETS.fullmatch(name):
            kind, radius, d = offset.groups()
            by_offset = (
                scores["boundary_f"].setdefault(radius, [])
                if radius
                else scores.setdefault(kind, [])
            )
            if int(d) != len(by_offset):
                raise ValueError(f"{name} after {len(by_offset)} offsets")
            by_offset.append(value)
        elif name.startswith("iou_"):
            scores["iou_avg_k"][name.removeprefix("iou_").removesuffix("_avg_k")] = value
        elif name.startswith("consistency_"):
            video["consistency"][name.removeprefix("consistency_")] = value
        elif name in ("tailing_error", "smear"):
            video[name] = value
        elif name not in scores and name != "video_miou" and not DERIVED.fullmatch(name):
            raise ValueError(f"the unknown measure {name}")
    if "video_miou" in values:
        scores["video"] = video
    return scores
