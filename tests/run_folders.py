"""Run folders with known scores, in the form that training and evaluation write."""

import json
from pathlib import Path
from statistics import fmean
from typing import Any

DATA = {"name": "streets", "split": "test", "targets": 96}


def make_scores(miou: list[float | None], **more: object) -> dict[str, Any]:
    """Scores with a single class."""
    known = [value for value in miou if value is not None]
    later = [value for value in miou[1:] if value is not None]
    scores = {
        "miou": miou,
        "avg_k": fmean(known) if len(known) == len(miou) else None,
        "avg": fmean(later) if later else None,
        "last_k": miou[-1],
        "iou": {"road": miou},
        "boundary_iou": [value and value / 2 for value in miou],
        "boundary_f": {"3": [value and value / 4 for value in miou]},
        "video": None,
    }
    return {**scores, **more}


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
    """Writes the folder of a run, which is unfinished without mIoU."""
    name = (experiment or "mine").replace("/", f"/{backbone}/")
    folder = root / name / f"seed={seed}"
    identity = {"digest": f"{name}-{seed}", "name": name, "seed": seed, "experiment": experiment}
    identity["backbone"] = backbone
    write_json(folder / "run.json", {**identity, "interval": 5, "choices": {"recipe": recipe}})
    if miou is not None:
        origin = {
            "interval": len(miou), "steps": 400, "commit": "abc123", "version": "0.1.0",
            "parameters": 1000, "data": DATA, "checkpoint": "last", "validation": None,
        }  # fmt: skip
        content = {**identity, **origin, "scores": scores or make_scores(miou), **metrics}
        write_json(folder / "metrics.json", content)
    return folder


def write_evaluation(
    folder: Path, miou: list[float | None], name: str = "wide", **more: object
) -> Path:
    """Writes an evaluation of a finished run; one mIoU per offset."""
    run = json.loads((folder / "metrics.json").read_text())
    names = ("digest", "name", "seed", "experiment", "backbone", "data", "checkpoint")
    content = {key: run[key] for key in names} | {
        "interval": len(miou),
        "scores": make_scores(miou),
    }
    return write_json(folder / f"evaluations/{name}.json", {**content, **more})
