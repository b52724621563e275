"""Tables and figures on Weights & Biases, with their files as one artifact."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import wandb

from bdnet.errors import BdnetError
from bdnet.reports.tables.render import Report

KEPT = ("project", "entity", "offline")  # of conf/logger/wandb.yaml; the rest differs by run


def publish(reports: Sequence[Report], folder: Path, logger: Mapping[str, Any]) -> str:
    """Uploads the reports, whose files lie in the folder; returns where they can be found."""
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
            run.log(_shown(files, folder))
            artifact = wandb.Artifact("-".join(titles), type="report")
            for name in files:
                artifact.add_file(str(folder / name))
            run.log_artifact(artifact)
            address = run.url or f"wandb sync {Path(run.dir).parent}"
    except wandb.errors.Error as error:
        raise BdnetError(
            f"logger=wandb: {error}; run wandb login, or logger.wandb.offline=true"
        ) from error
    return address


def _shown(files: Mapping[str, bytes], folder: Path) -> dict[str, Any]:
    """A table of each CSV, and each picture."""
    shown: dict[str, Any] = {}
    for name, content in files.items():
        stem, _, ending = name.partition(".")
        if ending == "csv":
            table = pd.read_csv(io.BytesIO(content)).astype(object)
            shown[f"tables/{stem}"] = wandb.Table(dataframe=table.where(table.notna(), None))
        elif ending == "png":
            shown[f"figures/{stem}"] = wandb.Image(str(folder / name))
    return shown
