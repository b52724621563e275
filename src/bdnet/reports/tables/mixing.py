"""What runs must have in common to stand beside each other."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bdnet.reports.tables.collect import FinishedRun, Key
from bdnet.reports.tables.errors import BadRuns

Fact = Callable[[FinishedRun], Any]

SCORED: dict[str, Fact] = {  # of all runs: how they were judged
    "interval": lambda run: run.interval,
    "data": lambda run: run.data,
    "checkpoint": lambda run: run.checkpoint,
}
APART: dict[str, Fact] = {  # the same of runs of different intervals, whose targets differ
    "data": lambda run: {name: run.data.get(name) for name in ("name", "split")},
    "checkpoint": lambda run: run.checkpoint,
}
CODE: dict[str, Fact] = {
    "version": lambda run: run.version,
    "commit": lambda run: run.commit,
}
MADE: dict[str, Fact] = {  # of the seeds of one row: how they came about
    "steps": lambda run: run.steps,
    "parameters": lambda run: run.parameters,
    "recipe": lambda run: run.recipe,
}


def check_alike(
    cells: Mapping[Key, Mapping[int, FinishedRun]], mixed: bool, scored: Mapping[str, Fact] = SCORED
) -> None:
    """Refuses runs that were judged, made or (unless `mixed`) programmed differently."""
    runs = [run for seeds in cells.values() for run in seeds.values()]
    narrower = "say runs=FOLDER with only runs that belong together"
    check_facts(runs, scored, f"one table has one of each; {narrower}")
    if not mixed:
        check_facts(runs, CODE, "train again, or say mixed=true to have them side by side")
        for backbone in {run.backbone for run in runs}:
            column = [run for run in runs if run.backbone == backbone]
            check_facts(
                column, {"recipe": MADE["recipe"]}, f"rows share steps and rates; {narrower}"
            )
    for seeds in cells.values():
        check_facts(seeds.values(), MADE, f"the seeds of a row differ in nothing else; {narrower}")


def check_facts(runs: Iterable[FinishedRun], facts: Mapping[str, Fact], remedy: str) -> None:
    """Refuses runs that differ in one of these facts."""
    first, *others = runs
    for other in others:
        for name, fact in facts.items():
            if fact(first) != fact(other):
                raise BadRuns(
                    f"{first.folder} has {name} {shown(fact(first))} and {other.folder} has "
                    f"{shown(fact(other))}: {remedy}"
                )


def shown(value: Any) -> str:
    """A fact as it stands in a message."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return "unknown" if value is None else str(value)
