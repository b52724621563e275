"""Accuracy against cost: an accelerated network beside smaller ones on every frame."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from bdnet.benchmarks.base import CannotMeasure
from bdnet.reports.tables.drawing import STYLE

EVERY = "every frame"


def kind(row: Mapping[str, Any]) -> str:
    """The curve on which a row of the record lies."""
    if row["name"].endswith("labels held"):
        return "labels of the last keyframe"
    if ", memory " in row["name"]:
        return "accelerated, with memory"
    if row["interval"] == 1 and row["name"] != EVERY:
        return "smaller networks, every frame"
    return "accelerated, without memory"


CURVES: dict[str, dict[str, Any]] = {
    "accelerated, with memory": {"color": "#d55e00", "marker": "o"},
    "accelerated, without memory": {"color": "#0072b2", "marker": "s"},
    "smaller networks, every frame": {"color": "#4d4d4d", "marker": "D", "linestyle": "none"},
    "labels of the last keyframe": {"color": "#009e73", "marker": "^", "linestyle": ":"},
}


def points(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of every row its curve, cost relative to the network on every frame, and mIoU in %."""
    first = rows[0]["seconds"]
    return [
        {
            "curve": kind(row),
            "name": row["name"],
            "interval": row["interval"],
            "cost": row["seconds"] / first,
            "miou": 100 * row["miou"],
        }
        for row in rows
    ]


def draw(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A PNG of the rows of `Accelerations.record`."""
    try:
        import matplotlib as mpl  # noqa: PLC0415
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise CannotMeasure("a picture needs matplotlib: pip install matplotlib") from error
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.5), layout="constrained")
        FigureCanvasAgg(figure)
        axes, drawn = figure.subplots(), points(rows)
        for label, style in CURVES.items():
            curve = [point for point in drawn if point["curve"] == label]
            costs, shares = ([point[key] for point in curve] for key in ("cost", "miou"))
            axes.plot(costs, shares, label=label, **style)
            for point in curve:
                text = point["name"].removeprefix(f"{EVERY}, ")
                text = text if "smaller" in label else f"{point['interval']}"
                axes.annotate(text, (point["cost"], point["miou"]), (4, 4), fontsize=8,
                              textcoords="offset points", color=style["color"])  # fmt: skip
        axes.set(xlabel="processor time, relative to the network on every frame")
        axes.set(ylabel="mIoU (%)", xlim=(0, None))
        axes.legend(title="numbers: keyframe interval")
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=150, metadata={"Software": None})
    return content.getvalue()
