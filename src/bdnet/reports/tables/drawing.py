"""Curves on paper: accuracy by keyframe interval beside accuracy by offset."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bdnet.reports.tables.curves import Curve
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.measures import Spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE: dict[Any, Any] = {  # newer matplotlib has a type of every key
    "font.size": 11,
    "axes.labelsize": 12,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#e0e0e0",
    "legend.frameon": False,
    "legend.handlelength": 3.0,
    "lines.linewidth": 2.0,
    "lines.markersize": 4.5,
    "pdf.fonttype": 42,  # letters stay letters: journals refuse type 3
}
UNDATED: dict[str, dict[str, Any]] = {"png": {}, "pdf": {"CreationDate": None}}


def draw(curves: Sequence[Curve], caption: str) -> dict[str, bytes]:
    """PNG and PDF, one row of panels per backbone; the same curves give the same files."""
    try:
        import matplotlib as mpl  # noqa: PLC0415
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise BadRuns("a figure needs matplotlib: pip install matplotlib") from error
    backbones = list(dict.fromkeys(curve.backbone for curve in curves))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 0.9 + 3.6 * len(backbones)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(backbones), 2, squeeze=False, sharey="row")
        for backbone, (left, right) in zip(backbones, panels, strict=True):
            shown = [curve for curve in curves if curve.backbone == backbone]
            _panel(left, shown, [curve.by_interval for curve in shown], 1)
            _panel(right, shown, [curve.by_offset for curve in shown], 0)
            left.set(ylabel="mIoU (%)", title=f"{backbone}: mean over the interval")
            left.set(xlabel="keyframe interval")
            right.set(title=f"{backbone}: each frame", xlabel="frames since the keyframe")
        lines = {each.get_label(): each for axes in panels[:, 0] for each in axes.lines}
        add_legend(figure, lines)
        figure.supxlabel(caption, fontsize=9, color="#606060")
        return {ending: _saved(figure, ending) for ending in UNDATED}


def add_legend(figure: "Figure", lines: Mapping[str, Any]) -> None:
    """Above the panels, in as many columns as the labels leave room for."""
    for columns in (3, 2, 1):
        legend = figure.legend(lines.values(), lines, loc="outside upper left", ncols=columns)
        figure.draw_without_rendering()
        if columns == 1 or legend.get_window_extent().x1 <= figure.bbox.x1:
            return
        legend.remove()


def _panel(
    axes: "Axes", curves: Sequence[Curve], values: Sequence[list[Spread | None]], start: int
) -> None:
    """Lines with bands, from x = start."""
    for curve, spreads in zip(curves, values, strict=True):
        line = curve.line
        x = range(start, start + len(spreads))
        y = [100 * each.mean if each else float("nan") for each in spreads]
        width = [100 * (each.deviation or 0.0) if each else float("nan") for each in spreads]
        axes.plot(x, y, line.style, color=line.colour, marker="o", label=line.label)
        low = [a - b for a, b in zip(y, width, strict=True)]
        high = [a + b for a, b in zip(y, width, strict=True)]
        axes.fill_between(x, low, high, color=line.colour, alpha=0.18, linewidth=0)
        axes.set_xticks(x)


def _saved(figure: Any, ending: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=ending, dpi=200, metadata=UNDATED[ending])
    return buffer.getvalue()
