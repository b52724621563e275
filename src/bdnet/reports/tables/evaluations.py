"""A run's scores at the largest interval that it was evaluated at."""

from pathlib import Path
from typing import Any, NamedTuple

from bdnet.reports.tables.collect import FinishedRun, check_scores
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.mixing import shown
from bdnet.system.files import read_json


class Evaluation(NamedTuple):
    """What `python -m bdnet.evaluate` wrote of a run, or the run's own test."""

    path: Path
    interval: int
    data: dict[str, Any]
    scores: dict[str, Any]


def widest(run: FinishedRun) -> Evaluation:
    """At the largest interval, of the checkpoint and split that the run's own scores are of."""
    own = Evaluation(run.folder / "metrics.json", run.interval, run.data, run.scores)
    found = [own, *(each for each in _others(run) if each.interval > run.interval)]
    return _only(found, max(each.interval for each in found)) or own


def at(run: FinishedRun, interval: int) -> FinishedRun:
    """The run as it was evaluated at an interval; itself, if it was not."""
    found = None if run.interval == interval else _only(_others(run), interval)
    if found is None:
        return run
    return run._replace(interval=found.interval, data=found.data, scores=found.scores)


def check_same(evaluations: list[Evaluation]) -> None:
    """Refuses scores over different intervals or of different targets."""
    first, *others = evaluations
    for other in others:
        small, large = sorted([first, other], key=lambda each: each.interval)
        if small.interval < large.interval:
            raise BadRuns(
                f"{small.path} has interval {small.interval} and {large.path} {large.interval}: "
                f"python -m bdnet.evaluate run={_folder(small.path)} interval={large.interval}"
            )
        if first.data != other.data:
            raise BadRuns(
                f"{first.path} has data {shown(first.data)} and {other.path} {shown(other.data)}: "
                "one figure needs the same targets everywhere; evaluate one of them again"
            )


def _others(run: FinishedRun) -> list[Evaluation]:
    """All but the run's own test."""
    found = (_read(path, run) for path in sorted(run.folder.glob("evaluations/[!.]*.json")))
    return [each for each in found if each is not None]


def _only(evaluations: list[Evaluation], interval: int) -> Evaluation | None:
    """The one of an interval."""
    found = [each for each in evaluations if each.interval == interval]
    if len(found) > 1:
        raise BadRuns(
            f"{found[0].path} and {found[1].path} are both of interval {interval}; remove one"
        )
    return found[0] if found else None


def _read(path: Path, run: FinishedRun) -> Evaluation | None:
    """None where it is of another checkpoint or split than the run's own scores."""
    found = read_json(path)
    try:
        evaluation = Evaluation(path, found["interval"], dict(found["data"]), found["scores"])
        if found["digest"] != run.digest:
            raise BadRuns(
                f"{path}: of digest {found['digest']}, but the run has {run.digest}: "
                "it judges an earlier training; evaluate again"
            )
        check_scores(evaluation.scores, evaluation.interval, path)
        judged = (found["checkpoint"], evaluation.data["name"], evaluation.data["split"])
    except (KeyError, TypeError) as error:
        raise BadRuns(f"{path}: lacks or garbles {error}; evaluate again") from error
    same = judged == (run.checkpoint, run.data["name"], run.data["split"])
    return evaluation if same else None


def _folder(path: Path) -> Path:
    return path.parent.parent if path.parent.name == "evaluations" else path.parent
