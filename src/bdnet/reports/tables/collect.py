"""What run folders hold: the finished runs with their scores, and the others."""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from bdnet.reports.tables.errors import BadRuns
from bdnet.system.files import read_json

Key = tuple[str, str]  # experiment, backbone


class FinishedRun(NamedTuple):
    """A finished run.

    data:   name, split and number of targets of what was scored
    scores: as metrics.json holds them, shares of 1
    recipe: the choice of conf/recipe; None where run.json does not say
    """

    folder: Path
    experiment: str | None
    backbone: str
    seed: int
    digest: str
    interval: int
    steps: int
    parameters: int
    checkpoint: str
    data: dict[str, Any]
    version: str
    commit: str | None
    recipe: str | None
    scores: dict[str, Any]


class UnfinishedRun(NamedTuple):
    """A run without metrics.json: it still runs, was interrupted, or failed."""

    folder: Path
    experiment: str | None
    backbone: str
    seed: int


class Runs(NamedTuple):
    """All runs below a folder."""

    folder: Path
    finished: list[FinishedRun]
    unfinished: list[UnfinishedRun]

    def of(self, experiments: Collection[str]) -> dict[Key, dict[int, FinishedRun]]:
        """The finished runs of some experiments, by experiment and backbone, then by seed."""
        found: dict[Key, dict[int, FinishedRun]] = defaultdict(dict)
        for run in self.finished:
            if run.experiment is None or run.experiment not in experiments:
                continue
            seeds = found[run.experiment, run.backbone]
            if run.seed in seeds:
                raise BadRuns(
                    f"{seeds[run.seed].folder} and {run.folder} are both {run.experiment} on "
                    f"{run.backbone} with seed {run.seed}; say runs=FOLDER with one of them in it"
                )
            seeds[run.seed] = run
        if not found:
            raise BadRuns(self._nothing(experiments))
        return {key: dict(sorted(seeds.items())) for key, seeds in found.items()}

    def unfinished_of(self, experiments: Collection[str]) -> list[UnfinishedRun]:
        """Those of some experiments."""
        return [run for run in self.unfinished if run.experiment in experiments]

    def _nothing(self, experiments: Collection[str]) -> str:
        known = sorted({run.experiment or "none" for run in self.finished})
        waiting = ", ".join(str(run.folder) for run in self.unfinished_of(experiments))
        return (
            f"runs={self.folder}: no finished run of {', '.join(experiments)}; "
            f"unfinished: {waiting or 'none'}; "
            f"experiments of the {len(self.finished)} finished runs: {', '.join(known) or 'none'}"
        )


def collect(folder: Path) -> Runs:
    """Reads every run below a folder."""
    if not folder.is_dir():
        raise BadRuns(f"runs={folder}: no such folder; say where training wrote its runs")
    files = [*folder.rglob("run.json"), *folder.rglob("metrics.json")]
    if not files:
        raise BadRuns(f"runs={folder}: no run.json or metrics.json in it or below it")
    runs = [_read(each) for each in sorted({file.parent for file in files})]
    return Runs(
        folder,
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
            "they come from another version: train again, or say runs=FOLDER without it"
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
        dict(metrics["data"]),
        metrics["version"],
        metrics["commit"],
        about.get("choices", {}).get("recipe"),
        metrics["scores"],
    )
    check_scores(run.scores, run.interval, folder / "metrics.json")
    return run


def check_scores(scores: dict[str, Any], interval: int, path: Path) -> None:
    """Refuses scores that lack what tables need, such as one mIoU of each offset."""
    for name in ("avg_k", "avg", "last_k", "iou"):
        scores[name]  # a KeyError is the caller's to explain
    if len(scores["miou"]) != interval:
        raise BadRuns(
            f"{path}: interval {interval}, but mIoU of {len(scores['miou'])} offsets; "
            "evaluate the run again"
        )
