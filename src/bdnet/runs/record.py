"""The JSON records of a run: run.json (origin and versions) and metrics.json (scores)."""

import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from bdnet.data.classes import Classes
from bdnet.data.module import ClipDataModule
from bdnet.data.offsets import samples_of
from bdnet.system.machine import process_count

PACKAGES = (
    "bdnet", "torch", "pytorch-lightning", "torchmetrics", "timm", "av", "numpy", "hydra-core",
    "albumentations", "opencv-python-headless",
)  # fmt: skip


def facts_of(
    config: DictConfig, choices: Mapping[str, Any], classes: Classes, overrides: Sequence[str]
) -> dict[str, Any]:
    """The content of run.json: a run's identity, command, code version and machine."""
    return {
        "name": config.name,
        "seed": config.seed,
        "digest": config.identity,
        "experiment": choices.get("experiment"),
        "choices": {
            group: choice
            for group, choice in choices.items()
            if not group.startswith("hydra") and isinstance(choice, str)
        },
        "backbone": config.model.get("backbone", config.backbone),
        "classes": asdict(classes),
        "interval": config.interval,
        "command": ["python", "-m", "bdnet.train", *overrides],
        "commit": commit(),
        "versions": {"python": platform.python_version(), **versions()},
        "machine": machine(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def outcome(
    facts: Mapping[str, Any], scores: Mapping[str, Any], data: ClipDataModule, checkpoint: str
) -> dict[str, Any]:
    """The scores of an evaluation, with the run and the data that they belong to."""
    return {
        **{key: facts[key] for key in ("digest", "name", "seed", "experiment", "backbone")},
        "interval": data.interval,
        "commit": facts["commit"],
        "version": facts["versions"]["bdnet"],
        "data": {
            "name": facts["choices"]["data"],
            "split": data.dataset.stored_split(data.tested),
            "targets": data.count_targets(data.tested),
            "labelled": len(samples_of(data.dataset, data.tested)),
        },
        "checkpoint": checkpoint,
        "scores": dict(scores),
    }


def summary(result: Mapping[str, Any], path: Path) -> str:
    """The main scores as text for the terminal.

    path: the file that holds them all
    """
    scores = result["scores"]
    heads = [f"d={d}" for d in range(len(scores["miou"]))]
    names = [*heads, "avg_k", "last_k"]
    values = [*scores["miou"], scores["avg_k"], scores["last_k"]]
    data = result["data"]
    run = f"{result['name']} seed={result['seed']}"
    frames = f"{data['targets']} of the {data['labelled']} labelled frames"
    lines = [
        f"{run}: mIoU on {frames} of {data['name']} ({data['split']})",
        "  " + " ".join(f"{name:>6}" for name in names),
        "  " + " ".join(f"{_number(value):>6}" for value in values),
    ]
    video = scores.get("video")
    if video:
        parts = [
            f"mIoU {_number(video['miou'])}",
            f"tailing error {_number(video['tailing_error'])}",
        ]
        parts += [f"VC{n} {_number(score)}" for n, score in video["consistency"].items()]
        lines.append(f"  as video: {', '.join(parts)}")
    return "\n".join([*lines, f"  written to {path}"])


def versions() -> dict[str, str]:
    installed = {}
    for name in PACKAGES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            installed[name] = "not installed"
    return installed


def machine() -> dict[str, Any]:
    """The first process's hardware and system, on which the last digits of results may depend."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "system": platform.platform(),
        "gpu": gpu,
        "cuda": torch.version.cuda if gpu else None,
        "threads": torch.get_num_threads(),
        "processes": process_count(),
    }


def commit() -> str | None:
    """The git commit of the code, `-dirty` with uncommitted changes; None outside a checkout."""
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=10"],
            cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
