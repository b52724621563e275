"""What has to be known to read a table: said under it."""

from collections.abc import Iterable

from bdnet.reports.tables.collect import FinishedRun
from bdnet.reports.tables.contents import Contents

MEANS = "avg_k is the mean over offsets 0..k-1 and last_k is d = k-1"
PROTOCOL = (
    f"{MEANS}; the paper does not say which it reports, so we print both and call neither its "
    "protocol."
)
SPREAD = "mIoU in %: mean ± sample standard deviation over seeds."
DIFFERENCE = (
    "Δ: the row less the one it stands against, seed by seed: mean ± standard deviation of the "
    "differences over so many pairs."
)


def notes(contents: Contents) -> list[str]:
    """One sentence or paragraph each."""
    return [
        PROTOCOL if contents.source else f"{MEANS}.",
        f"{SPREAD} {DIFFERENCE}" if any(row.above for row in contents.rows) else SPREAD,
        _setting(contents),
        *([f"Paper: {contents.source}."] if contents.source else []),
        *contents.remarks,
        *_stand_ins(contents),
        *_seeds(contents),
        *_unfinished(contents),
    ]


def _setting(contents: Contents) -> str:
    """What all runs have in common, and the steps and code of each."""
    runs = contents.runs()
    first = runs[0]
    data = first.data
    steps = sorted({run.steps for run in runs}, reverse=True)
    rows = {
        each: sorted({contents.number(run.experiment or "") for run in runs if run.steps == each})
        for each in steps
    }
    trained = " and ".join(f"{each} (rows {listed(rows[each])})" for each in steps)
    code = dict.fromkeys(map(program, runs))
    return (
        f"Data: {data['name']}, split {data['split']}, {data['targets']} targets; "
        f"interval k = {contents.interval}; checkpoint {first.checkpoint}; "
        f"steps {steps[0] if len(steps) == 1 else trained}; "
        f"seeds {listed(sorted({run.seed for run in runs}))}; "
        f"backbones {listed(contents.cells)}; {'; '.join(code)}."
    )


def program(run: FinishedRun) -> str:
    """The code that trained it."""
    return f"bdnet {run.version}, commit {run.commit or 'unknown'}"


def _stand_ins(contents: Contents) -> list[str]:
    return [
        f"The paper has no {backbone}: what stands beside it are its values of {column}."
        for backbone, column in contents.columns.items()
        if backbone != column
    ]


def _seeds(contents: Contents) -> list[str]:
    """Names the rows that lack seeds which others have."""
    every = sorted({run.seed for run in contents.runs()})
    return [
        f"Row {contents.number(cell.row.experiment)} ({cell.row.label}) on {backbone} has seeds "
        f"{listed(cell.runs)} only."
        for backbone, cells in contents.cells.items()
        for cell in cells
        if cell.runs and list(cell.runs) != every
    ]


def _unfinished(contents: Contents) -> list[str]:
    """Names the runs without scores, so that nobody takes them for absent."""
    rows = {row.experiment: row.label for row in contents.rows}
    return [
        f"Unfinished (running, interrupted or failed; its train.log says), not counted: "
        f"{rows[run.experiment or '']} on {run.backbone}, seed {run.seed} ({run.folder})."
        for run in contents.unfinished
    ]


def listed(values: Iterable[object]) -> str:
    """In a sentence."""
    return ", ".join(map(str, values))
