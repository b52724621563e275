"""A run's scores under flat names, and what they are over seeds."""

import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

Value = float | None  # a share of 1; None where it is not defined

FIRST = 5  # frames: the paper's interval; runs may have a longer one
AVG_FIRST = f"avg_{FIRST}"


class Spread(NamedTuple):
    """Mean and sample standard deviation; the deviation of a single value is None."""

    mean: float
    deviation: float | None


def spread(values: Sequence[Value]) -> Spread | None:
    """None where there is no value, or where a seed's is undefined: its mean would be of others."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return Spread(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None)


def paired(values: Sequence[Value], others: Sequence[Value]) -> Spread | None:
    """Of the differences between values of the same seeds, in the same order."""
    pairs = zip(values, others, strict=True)
    return spread([None if a is None or b is None else a - b for a, b in pairs])


def mean(values: Sequence[Value]) -> Value:
    """None where any value is undefined."""
    found = spread(values)
    return found and found.mean


def by_offset(scores: dict[str, Any]) -> dict[str, list[Value]]:
    """Per measure its value at every offset d = 0..k-1."""
    found = {"miou": scores["miou"], "boundary_iou": scores.get("boundary_iou")}
    for radius, values in (scores.get("boundary_f") or {}).items():
        found[f"boundary_f_{radius}"] = values
    return {name: list(values) for name, values in found.items() if values is not None}


def measures(scores: dict[str, Any]) -> dict[str, Value]:
    """All that a table shows, under the names of its CSV: `miou_d3`, `boundary_iou_avg_k`, ..."""
    found: dict[str, Value] = {name: scores[name] for name in ("avg_k", "avg", "last_k")}
    if len(scores["miou"]) >= FIRST:
        found[AVG_FIRST] = mean(scores["miou"][:FIRST])
    for name, values in by_offset(scores).items():
        if name != "miou":
            found[f"{name}_avg_k"] = mean(values)
        found |= {f"{name}_d{d}": value for d, value in enumerate(values)}
    classes = {name: mean(values) for name, values in scores["iou"].items()}
    for name, value in (classes or scores.get("iou_avg_k", {})).items():
        found[f"iou_{name}_avg_k"] = value
    video = scores.get("video") or {}
    for name in ("miou", "tailing_error", "smear"):
        if name in video:
            found["video_miou" if name == "miou" else name] = video[name]
    for frames, value in (video.get("consistency") or {}).items():
        found[f"consistency_{frames}"] = value
    return found
