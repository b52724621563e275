"""Curves on paper: accuracy by keyframe interval beside accuracy by offset."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pandas import DataFrame

from bdnet.reports.tables.errors import BadRuns

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
AXES = {  # by the `axis` of points: what the panel is called, and its x
    "interval": ("mean over the interval", "keyframe interval"),
    "offset": ("each frame", "frames since the keyframe"),
}
UNDATED: dict[str, dict[str, Any]] = {"png": {}, "pdf": {"CreationDate": None}}


class Line(NamedTuple):
    """An experiment and how it is drawn: `colour` and `style` as matplotlib calls them."""

    experiment: str
    label: str
    colour: str
    style: str = "-"


def draw(points: DataFrame, lines: Sequence[Line], caption: str) -> dict[str, bytes]:
    """PNG and PDF, one row of panels per backbone; the same points give the same files."""
    try:
        import matplotlib as mpl  # noqa: PLC0415
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise BadRuns("a figure needs matplotlib: pip install matplotlib") from error
    backbones = points["backbone"].unique()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 0.9 + 3.6 * len(backbones)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(backbones), 2, squeeze=False, sharey="row")
        for backbone, row in zip(backbones, panels, strict=True):
            for panel, (axis, (title, xlabel)) in zip(row, AXES.items(), strict=True):
                is_shown = (points["backbone"] == backbone) & (points["axis"] == axis)
                _plot(panel, points[is_shown], lines)
                panel.set(title=f"{backbone}: {title}", xlabel=xlabel)
            row[0].set(ylabel="mIoU (%)")
        add_legend(figure, {line.get_label(): line for axes in panels[:, 0] for line in axes.lines})
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


def _plot(axes: "Axes", points: DataFrame, lines: Sequence[Line]) -> None:
    """Curves with bands of one standard deviation."""
    for line in lines:
        curve = points[points["experiment"] == line.experiment]
        if curve.empty:
            continue
        x, y = curve["x"].to_numpy(), 100 * curve["miou_mean"].to_numpy()
        width = 100 * curve["miou_std"].fillna(0).to_numpy()
        axes.plot(x, y, line.style, color=line.colour, marker="o", label=line.label)
        axes.fill_between(x, y - width, y + width, color=line.colour, alpha=0.18, linewidth=0)
        axes.set_xticks(x)


def _saved(figure: Any, ending: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=ending, dpi=200, metadata=UNDATED[ending])
    return buffer.getvalue()
