"""Tables and figures on Weights & Biases, with their files as one artifact."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import wandb

from bdnet.errors import BdnetError
from bdnet.reports.tables.base import Report

KEPT = ("project", "entity", "offline")  # of conf/logger/wandb.yaml; the rest tells runs apart


def publish(reports: Sequence[Report], folder: Path, logger: Mapping[str, Any]) -> str:
    """Shows the reports, whose files lie in the folder; where they are to be found."""
    settings = {name: logger[name] for name in KEPT if name in logger}
    offline = settings.pop("offline", False)
    mode: Literal["offline"] | None = "offline" if offline else None  # None: as WANDB_MODE says
    files = {name: content for report in reports for name, content in report.files.items()}
    # the shortest name of each report's files is its own
    titles = [min(report.files, key=len).partition(".")[0] for report in reports]
    try:
        with wandb.init(
            **settings, dir=folder, mode=mode, job_type="report", name=f"report {' '.join(titles)}"
        ) as run:
            run.log(_exhibits(files, folder))
            artifact = wandb.Artifact("-".join(titles), type="report")
            for name in files:
                artifact.add_file(str(folder / name))
            run.log_artifact(artifact)
            where = run.url or f"wandb sync {Path(run.dir).parent}"
    except wandb.errors.Error as error:
        raise BdnetError(
            f"logger=wandb: {error}; say wandb login, or logger.wandb.offline=true"
        ) from error
    return where


def _exhibits(files: Mapping[str, bytes], folder: Path) -> dict[str, Any]:
    """A table of each CSV, and each picture."""
    found: dict[str, Any] = {}
    for name, content in files.items():
        stem, _, ending = name.partition(".")
        if ending == "csv":
            head, body = read(content)
            found[f"tables/{stem}"] = wandb.Table(columns=[*head], data=body)
        elif ending == "png":
            found[f"figures/{stem}"] = wandb.Image(str(folder / name))
    return found


def read(content: bytes) -> tuple[list[str], list[list[object]]]:
    """Head and body of a CSV; a column of numbers is one, and what is empty is None."""
    head, *body = csv.reader(io.StringIO(content.decode()))
    columns = [_typed(column) for column in zip(*body, strict=True)]
    return head, [list(row) for row in zip(*columns, strict=True)]


def _typed(column: Sequence[str]) -> list[object]:
    try:
        return [float(cell) if cell else None for cell in column]
    except ValueError:
        return [cell or None for cell in column]
