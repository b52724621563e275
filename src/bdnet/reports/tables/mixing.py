"""What runs must have in common to stand in one table."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.records import FinishedRun, Key

Fact = Callable[[FinishedRun], Any]

SCORED: dict[str, Fact] = {  # all runs of a table
    "interval": lambda run: run.interval,
    "data": lambda run: run.data,
    "checkpoint": lambda run: run.checkpoint,
}
OTHER_INTERVALS: dict[str, Fact] = {  # instead, where intervals and so targets may differ
    "data": lambda run: {name: run.data.get(name) for name in ("name", "split")},
    "checkpoint": lambda run: run.checkpoint,
}
CODE: dict[str, Fact] = {
    "version": lambda run: run.version,
    "commit": lambda run: run.commit,
}
RECIPE: dict[str, Fact] = {"recipe": lambda run: run.recipe}  # all rows on one backbone
TRAINED: dict[str, Fact] = {  # the seeds of a row
    "steps": lambda run: run.steps,
    "parameters": lambda run: run.parameters,
    **RECIPE,
}


def check_alike(
    cells: Mapping[Key, Mapping[int, FinishedRun]], mixed: bool, scored: Mapping[str, Fact] = SCORED
) -> None:
    """Refuses runs that were scored or trained differently, or (unless `mixed`) by other code."""
    runs = [run for seeds in cells.values() for run in seeds.values()]
    narrower = "use runs=FOLDER with only runs that belong together"
    check_facts(runs, scored, f"all runs of a table must have the same; {narrower}")
    if not mixed:
        check_code(runs)
        for backbone in {run.backbone for run in runs}:
            column = [run for run in runs if run.backbone == backbone]
            check_facts(column, RECIPE, f"rows must share steps and rates; {narrower}")
    for seeds in cells.values():
        check_facts(seeds.values(), TRAINED, f"seeds of a row must be trained alike; {narrower}")


def check_code(runs: Iterable[FinishedRun]) -> None:
    check_facts(runs, CODE, "train again, or use mixed=true to have them side by side")


def check_facts(runs: Iterable[FinishedRun], facts: Mapping[str, Fact], remedy: str) -> None:
    """Refuses runs that differ in one of these facts."""
    first, *others = runs
    for run in others:
        for name, fact in facts.items():
            if fact(first) != fact(run):
                raise BadRuns(
                    f"{first.folder} has {name} {shown(fact(first))} and {run.folder} has "
                    f"{shown(fact(run))}: {remedy}"
                )


def shown(value: Any) -> str:
    """A fact in an error message."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items())
    return "unknown" if value is None else str(value)
