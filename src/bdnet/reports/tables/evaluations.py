"""A run's scores at the keyframe interval that a table or figure needs."""

from collections.abc import Sequence
from pathlib import Path

from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.mixing import shown
from bdnet.reports.tables.records import Evaluation, FinishedRun


def widest(run: FinishedRun) -> Evaluation:
    """At the largest interval that it was evaluated at."""
    own = Evaluation(run.folder / "metrics.json", run.interval, run.data, run.scores)
    wider = [evaluation for evaluation in run.evaluations if evaluation.interval > run.interval]
    largest = max((evaluation.interval for evaluation in wider), default=run.interval)
    return _only(wider, largest) or own


def at(run: FinishedRun, interval: int) -> FinishedRun:
    """The run as it was evaluated at an interval; itself, if it was not."""
    evaluation = None if run.interval == interval else _only(run.evaluations, interval)
    if evaluation is None:
        return run
    return run._replace(
        interval=evaluation.interval, data=evaluation.data, scores=evaluation.scores
    )


def check_same(evaluations: Sequence[Evaluation]) -> None:
    """Refuses scores over different intervals or of different targets."""
    first, *others = evaluations
    for peer in others:
        small, large = sorted([first, peer], key=lambda evaluation: evaluation.interval)
        if small.interval < large.interval:
            raise BadRuns(
                f"{small.path} has interval {small.interval} and {large.path} {large.interval}: "
                f"{evaluate_command(_folder(small.path), large.interval)}"
            )
        if first.data != peer.data:
            raise BadRuns(
                f"{first.path} has data {shown(first.data)} and {peer.path} {shown(peer.data)}: "
                "one figure needs the same targets everywhere; evaluate one of them again"
            )


def evaluate_command(folder: Path, interval: int) -> str:
    """What scores a run at another interval; a run of a CSV has no folder to name."""
    run = folder if folder.is_dir() else "FOLDER"
    return f"python -m bdnet.evaluate run={run} interval={interval}"


def _only(evaluations: Sequence[Evaluation], interval: int) -> Evaluation | None:
    """The one of an interval."""
    matches = [evaluation for evaluation in evaluations if evaluation.interval == interval]
    if len(matches) > 1:
        raise BadRuns(
            f"{matches[0].path} and {matches[1].path} are both of interval {interval}; remove one"
        )
    return matches[0] if matches else None


def _folder(path: Path) -> Path:
    return path.parent.parent if path.parent.name == "evaluations" else path.parent
