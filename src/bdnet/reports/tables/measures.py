"""Scores of runs as pandas tables: one row per run, and means and deviations over seeds."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

import pandas as pd
from pandas import DataFrame, MultiIndex

from bdnet.reports.tables.records import FinishedRun

Value = float | None  # a share of 1; None where it is undefined

FIRST = 5  # frames: the paper's interval; runs may have a longer one
AVG_FIRST = f"avg_{FIRST}"
INDEX = ("backbone", "experiment", "seed")
ABSENT = "-"


def measures(scores: Mapping[str, Any]) -> dict[str, Value]:
    """Scores of metrics.json under the column names of tables: `miou_d3`, `boundary_iou_avg_k`."""
    values: dict[str, Value] = {name: scores[name] for name in ("avg_k", "avg", "last_k")}
    if len(scores["miou"]) >= FIRST:
        values[AVG_FIRST] = mean(scores["miou"][:FIRST])
    for name, miou in by_offset(scores).items():
        if name != "miou":
            values[f"{name}_avg_k"] = mean(miou)
        values |= {f"{name}_d{d}": value for d, value in enumerate(miou)}
    classes = {name: mean(iou) for name, iou in scores["iou"].items()}
    classes = classes or scores.get("iou_avg_k", {})
    values |= {f"iou_{name}_avg_k": value for name, value in classes.items()}
    video = scores.get("video") or {}
    names = {"miou": "video_miou", "tailing_error": "tailing_error", "smear": "smear"}
    values |= {column: video[name] for name, column in names.items() if name in video}
    consistency = video.get("consistency") or {}
    return values | {f"consistency_{frames}": value for frames, value in consistency.items()}


def by_offset(scores: Mapping[str, Any]) -> dict[str, list[Value]]:
    """Each measure that has a value at every offset d = 0..k-1."""
    values = {"miou": scores["miou"], "boundary_iou": scores.get("boundary_iou")}
    values |= {f"boundary_f_{px}": f for px, f in (scores.get("boundary_f") or {}).items()}
    return {name: list(numbers) for name, numbers in values.items() if numbers is not None}


def mean(values: Sequence[Value]) -> Value:
    """None where a value is undefined: over fewer it would be another quantity."""
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def score_table(runs: Iterable[FinishedRun]) -> DataFrame:
    """One row per run (backbone, experiment, seed), one column per measure; undefined is NaN."""
    runs = list(runs)
    index = [(run.backbone, run.experiment, run.seed) for run in runs]
    table = DataFrame([measures(run.scores) for run in runs], dtype=float)
    return table.set_index(MultiIndex.from_tuples(index, names=INDEX))


def paired_differences(scores: DataFrame, above: Mapping[str, str | None]) -> DataFrame:
    """Each run minus the run of the same backbone and seed that stands `above` its experiment.

    Runs without such a partner are left out.
    """
    partners = MultiIndex.from_tuples(
        [(backbone, above.get(experiment), seed) for backbone, experiment, seed in scores.index],
        names=INDEX,
    )
    has_partner = partners.isin(scores.index)
    return scores[has_partner] - scores.loc[partners[has_partner]].to_numpy()


def over_seeds(scores: DataFrame, rows: Sequence[int] | None = None) -> DataFrame:
    """By backbone and experiment, or by the number of a row; columns (mean or std, measure).

    A measure that is undefined for one seed has no mean; a single seed has no deviation.
    """
    by = list(INDEX[:2]) if rows is None else rows
    groups, known = scores.groupby(by), scores.notna().groupby(by).all()
    return pd.concat({"mean": groups.mean().where(known), "std": groups.std().where(known)}, axis=1)


def percent(spread: DataFrame, measure: str, sign: str = "") -> list[str]:
    """`54.32 ± 0.41` in % for each row of `over_seeds`, `-` where it is undefined."""
    if measure not in spread["mean"]:
        return [ABSENT] * len(spread)
    pairs = zip(spread["mean", measure], spread["std", measure], strict=True)
    return [plus_minus(*pair, sign) for pair in pairs]


def fixed(values: Iterable[float], form: str) -> list[str]:
    """Numbers in a format such as `.2f`, `-` where they are undefined."""
    return [ABSENT if pd.isna(value) else format(value, form) for value in values]


def plus_minus(mean: float, deviation: float, sign: str = "") -> str:
    """Shares of 1 in %."""
    if pd.isna(mean):
        return ABSENT
    text = f"{100 * mean:{sign}.2f}"
    return text if pd.isna(deviation) else f"{text} ± {100 * deviation:.2f}"
