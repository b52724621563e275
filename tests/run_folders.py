"""Run folders of known scores, as training and evaluation write them."""

import json
from pathlib import Path
from statistics import fmean
from typing import Any

DATA = {"name": "streets", "split": "test", "targets": 96}


def make_scores(miou: list[float | None], **more: object) -> dict[str, Any]:
    """Of one class, whose IoU is the mIoU."""
    known = [value for value in miou if value is not None]
    later = [value for value in miou[1:] if value is not None]
    found = {
        "miou": miou,
        "avg_k": fmean(known) if len(known) == len(miou) else None,
        "avg": fmean(later) if later else None,
        "last_k": miou[-1],
        "iou": {"road": miou},
        "boundary_iou": [value and value / 2 for value in miou],
        "boundary_f": {"3": [value and value / 4 for value in miou]},
        "video": None,
    }
    return {**found, **more}


def write_json(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def write_run(
    root: Path,
    experiment: str | None,
    seed: int,
    miou: list[float | None] | None,
    backbone: str = "resnet18",
    recipe: str = "demo",
    scores: dict[str, Any] | None = None,
    **metrics: object,
) -> Path:
    """The folder of a run; one without mIoU is unfinished."""
    name = (experiment or "mine").replace("/", f"/{backbone}/")
    folder = root / name / f"seed={seed}"
    who = {"digest": f"{name}-{seed}", "name": name, "seed": seed, "experiment": experiment}
    who["backbone"] = backbone
    write_json(folder / "run.json", {**who, "interval": 5, "choices": {"recipe": recipe}})
    if miou is not None:
        how = {
            "interval": len(miou), "steps": 400, "commit": "abc123", "version": "0.1.0",
            "parameters": 1000, "data": DATA, "checkpoint": "last", "validation": None,
        }  # fmt: skip
        content = {**who, **how, "scores": scores or make_scores(miou), **metrics}
        write_json(folder / "metrics.json", content)
    return folder


def write_evaluation(
    folder: Path, miou: list[float | None], name: str = "wide", **more: object
) -> Path:
    """Of a finished run, at the interval that the values have."""
    run = json.loads((folder / "metrics.json").read_text())
    names = ("digest", "name", "seed", "experiment", "backbone", "data", "checkpoint")
    content = {key: run[key] for key in names} | {
        "interval": len(miou),
        "scores": make_scores(miou),
    }
    return write_json(folder / f"evaluations/{name}.json", {**content, **more})
