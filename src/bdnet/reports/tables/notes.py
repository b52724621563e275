"""What readers of a table have to know: written below it."""

from collections.abc import Iterable, Iterator, Sequence

from bdnet.reports.tables.contents import Contents
from bdnet.reports.tables.records import FinishedRun

MEANS = "avg_k is the mean over offsets 0..k-1 and last_k is d = k-1"
UNKNOWN_PROTOCOL = "; the paper does not say which of them it reports"
SPREAD = "mIoU in %: mean ± sample standard deviation over seeds."
DIFFERENCE = (
    " Δ: this row minus the row it is compared with, seed by seed; mean ± standard deviation over "
    "the pairs."
)


def notes(contents: Contents, source: str | None, remarks: Sequence[str]) -> list[str]:
    """One sentence or paragraph each."""
    return [
        f"{MEANS}{UNKNOWN_PROTOCOL if source else ''}.",
        SPREAD + (DIFFERENCE if any(row.above for row in contents.rows) else ""),
        _data(contents),
        *([f"Paper: {source}."] if source else []),
        *remarks,
        *_exceptions(contents),
    ]


def _data(contents: Contents) -> str:
    """What all runs have in common, and the steps and code of each."""
    runs = contents.runs
    data, checkpoint = runs[0].data, runs[0].checkpoint
    rows: dict[int, set[int]] = {}
    for run in runs:
        rows.setdefault(run.steps, set()).add(contents.numbers[run.experiment or ""])
    steps = [
        f"{count} (rows {listed(sorted(numbers))})" if len(rows) > 1 else str(count)
        for count, numbers in sorted(rows.items(), reverse=True)
    ]
    return (
        f"Data: {data['name']}, split {data['split']}, {data['targets']} targets; "
        f"interval k = {contents.interval}; checkpoint {checkpoint}; "
        f"steps {' and '.join(steps)}; seeds {listed(sorted({run.seed for run in runs}))}; "
        f"backbones {listed(contents.backbones)}; {'; '.join(dict.fromkeys(map(code, runs)))}."
    )


def code(run: FinishedRun) -> str:
    """The version that trained it."""
    return f"bdnet {run.version}, commit {run.commit or 'unknown'}"


def _exceptions(contents: Contents) -> Iterator[str]:
    """Backbones that the paper lacks, rows that lack seeds, and runs without scores."""
    for backbone, column in contents.paper_columns.items():
        if backbone != column:
            yield f"The paper has no {backbone}: its values of {column} stand beside it."
    labels = {row.experiment: row.label for row in contents.rows}
    seeds = sorted({run.seed for run in contents.runs})
    for backbone in contents.backbones:
        for number, (experiment, label) in enumerate(labels.items(), 1):
            runs = [run for run in contents.runs if run.backbone == backbone]
            own = sorted(run.seed for run in runs if run.experiment == experiment)
            if own and own != seeds:
                yield f"Row {number} ({label}) on {backbone} has seeds {listed(own)} only."
    for run in contents.unfinished:
        yield (
            f"Unfinished (running, interrupted or failed; see its train.log), not counted: "
            f"{labels[run.experiment or '']} on {run.backbone}, seed {run.seed} ({run.folder})."
        )


def listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
