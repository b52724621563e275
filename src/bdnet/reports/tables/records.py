"""A run and its scores as tables read them, from a run folder or from a CSV of results."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bdnet.reports.tables.errors import BadRuns

Key = tuple[str, str]  # experiment, backbone


class Evaluation(NamedTuple):
    """The scores of a run at one keyframe interval.

    path: the file that they were read from
    data: name, split and number of targets of what was scored
    """

    path: Path
    interval: int
    data: dict[str, Any]
    scores: dict[str, Any]


class FinishedRun(NamedTuple):
    """A finished run.

    folder:      where it lies; of a run in a CSV, the file and who the run is
    data:        name, split and number of targets of what was scored
    scores:      as metrics.json holds them, shares of 1
    recipe:      the choice of conf/recipe; None where it is unknown
    hardware:    what it was trained on; None where it is unknown
    evaluations: what `python -m bdnet.evaluate` measured of the same checkpoint and split
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
    hardware: str | None = None
    evaluations: tuple[Evaluation, ...] = ()


class UnfinishedRun(NamedTuple):
    """A run without metrics.json: it still runs, was interrupted, or failed."""

    folder: Path
    experiment: str | None
    backbone: str
    seed: int


class Runs(NamedTuple):
    """All runs below a folder, or in a CSV."""

    folder: Path
    finished: list[FinishedRun]
    unfinished: list[UnfinishedRun]

    def of(self, experiments: Collection[str]) -> dict[Key, dict[int, FinishedRun]]:
        """The finished runs of some experiments, by experiment and backbone, then by seed."""
        groups: dict[Key, dict[int, FinishedRun]] = defaultdict(dict)
        for run in self.finished:
            if run.experiment is None or run.experiment not in experiments:
                continue
            seeds = groups[run.experiment, run.backbone]
            if run.seed in seeds:
                raise BadRuns(
                    f"{seeds[run.seed].folder} and {run.folder} are both {run.experiment} on "
                    f"{run.backbone} with seed {run.seed}; use runs=FOLDER with only one of them"
                )
            seeds[run.seed] = run
        if not groups:
            raise BadRuns(self._nothing(experiments))
        return {key: dict(sorted(seeds.items())) for key, seeds in groups.items()}

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


def check_scores(scores: Mapping[str, Any], interval: int, path: Path) -> None:
    """Refuses scores that lack what tables need, such as one mIoU of each offset."""
    for name in ("avg_k", "avg", "last_k", "iou"):
        scores[name]  # a KeyError is the caller's to explain
    if len(scores["miou"]) != interval:
        raise BadRuns(
            f"{path}: interval {interval}, but mIoU of {len(scores['miou'])} offsets; "
            "evaluate the run again"
        )
