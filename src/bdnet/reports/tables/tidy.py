"""A filled table as CSV: for programs."""

from collections.abc import Iterable, Iterator

from bdnet.reports.tables.base import csv_bytes
from bdnet.reports.tables.collect import FinishedRun
from bdnet.reports.tables.contents import Cell, Contents
from bdnet.reports.tables.measures import by_offset


def cells_csv(contents: Contents) -> bytes:
    """One line per row and backbone; shares of 1, but the paper's values in %."""
    return csv_bytes(
        _flat(contents, backbone, cell)
        for backbone, cells in contents.cells.items()
        for cell in cells
    )


def _flat(contents: Contents, backbone: str, cell: Cell) -> dict[str, object]:
    value, difference = contents.published(cell.row, backbone)
    column = contents.columns.get(backbone)
    paper = {
        "paper_backbone": column,
        "paper_percent": value,
        "paper_difference_percent": None if difference is None else round(difference, 6),
    }
    line: dict[str, object] = {
        "experiment": cell.row.experiment,
        "label": cell.row.label,
        "backbone": backbone,
        "interval": contents.interval,
        "seeds": len(cell.runs),
        "unfinished": len(cell.unfinished),
        "above": cell.row.above,
        "pairs": len(cell.pairs),
        **(paper if column is not None else {}),
    }
    for kind, found in {"": cell.spreads, "_difference": cell.differences}.items():
        for name, each in found.items():
            line[f"{name}{kind}_mean"] = each and each.mean
            line[f"{name}{kind}_std"] = each and each.deviation
    return line


def runs_csv(runs: Iterable[FinishedRun]) -> bytes:
    """One line per run and offset; shares of 1."""
    return csv_bytes(line for run in runs for line in _lines(run))


def _lines(run: FinishedRun) -> Iterator[dict[str, object]]:
    measured = by_offset(run.scores)
    measured |= {f"iou_{name}": values for name, values in run.scores["iou"].items()}
    for d in range(run.interval):
        yield {
            "experiment": run.experiment,
            "backbone": run.backbone,
            "seed": run.seed,
            "interval": run.interval,
            "d": d,
            **{name: values[d] for name, values in measured.items()},
            "folder": run.folder,
            "digest": run.digest,
            "commit": run.commit,
        }
