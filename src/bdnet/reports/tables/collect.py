"""Reads the runs of a folder, or of a CSV of results."""

from pathlib import Path
from typing import Any

from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.records import (
    Evaluation,
    FinishedRun,
    Key,
    Runs,
    UnfinishedRun,
    check_scores,
)
from bdnet.reports.tables.results_csv import read_results
from bdnet.system.files import read_json

__all__ = ["Evaluation", "FinishedRun", "Key", "Runs", "UnfinishedRun", "collect"]


def collect(path: Path) -> Runs:
    """Every run below a folder, or every run of a CSV that `python -m bdnet.report` wrote."""
    if path.suffix == ".csv":
        return Runs(path, read_results(path), [])
    if not path.is_dir():
        raise BadRuns(
            f"runs={path}: no such folder; give the folder of training runs, or a CSV of results"
        )
    files = [*path.rglob("run.json"), *path.rglob("metrics.json")]
    if not files:
        raise BadRuns(f"runs={path}: no run.json or metrics.json in it or below it")
    runs = [_read(folder) for folder in sorted({file.parent for file in files})]
    return Runs(
        path,
        [run for run in runs if isinstance(run, FinishedRun)],
        [run for run in runs if isinstance(run, UnfinishedRun)],
    )


def _read(folder: Path) -> FinishedRun | UnfinishedRun:
    identity, metrics = folder / "run.json", folder / "metrics.json"
    about = read_json(identity) if identity.is_file() else {}
    try:
        if not metrics.is_file():
            return UnfinishedRun(folder, about["experiment"], str(about["backbone"]), about["seed"])
        return _finished(folder, about, read_json(metrics))
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRuns(
            f"{folder}: run.json or metrics.json lacks or garbles {error}; "
            "they come from another version: train again, or use runs=FOLDER without it"
        ) from error


def _finished(folder: Path, about: dict[str, Any], metrics: dict[str, Any]) -> FinishedRun:
    digest = metrics["digest"]
    if about.get("digest", digest) != digest:
        raise BadRuns(
            f"{folder}: run.json has digest {about['digest']} and metrics.json {digest}: "
            "the scores are those of another configuration; train again"
        )
    run = FinishedRun(
        folder,
        metrics["experiment"],
        str(metrics["backbone"]),
        metrics["seed"],
        digest,
        metrics["interval"],
        metrics["steps"],
        metrics["parameters"],
        metrics["checkpoint"],
        _data(metrics),
        metrics["version"],
        metrics["commit"],
        about.get("choices", {}).get("recipe"),
        metrics["scores"],
        _hardware(about.get("machine")),
    )
    check_scores(run.scores, run.interval, folder / "metrics.json")
    paths = sorted(folder.glob("evaluations/[!.]*.json"))
    evaluations = (_evaluation(path, run) for path in paths)
    return run._replace(evaluations=tuple(filter(None, evaluations)))


def _evaluation(path: Path, run: FinishedRun) -> Evaluation | None:
    """None where it is of another checkpoint or split than the run's own scores."""
    content = read_json(path)
    try:
        evaluation = Evaluation(path, content["interval"], _data(content), content["scores"])
        if content["digest"] != run.digest:
            raise BadRuns(
                f"{path}: of digest {content['digest']}, but the run has {run.digest}: "
                "it is of an earlier training; evaluate again"
            )
        check_scores(evaluation.scores, evaluation.interval, path)
        scored = (content["checkpoint"], evaluation.data["name"], evaluation.data["split"])
    except (KeyError, TypeError) as error:
        raise BadRuns(f"{path}: lacks or garbles {error}; evaluate again") from error
    same = scored == (run.checkpoint, run.data["name"], run.data["split"])
    return evaluation if same else None


def _data(content: dict[str, Any]) -> dict[str, Any]:
    return {name: content["data"][name] for name in ("name", "split", "targets")}


def _hardware(machine: dict[str, Any] | None) -> str | None:
    """The GPU, or the number of threads."""
    if machine is None:
        return None
    return machine["gpu"] or f"CPU, threads: {machine['threads']}"
