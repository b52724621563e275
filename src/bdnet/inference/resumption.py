"""What an interrupted `predict` has done already: whole videos, as frames need those before."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bdnet.errors import BdnetError
from bdnet.system.files import read_json

ELSEWHERE = ("output", "video", "hydra")  # keys that change no result


def settings_of(config: DictConfig) -> dict[str, Any]:
    """All that results depend on, beside the videos."""
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    settings = {str(key): value for key, value in plain.items() if key not in ELSEWHERE}
    named = (config.network or "").rpartition(":")[-1] or f"{config.run}/{config.checkpoint}.ckpt"
    return settings | {"weights": stamp(named)}


def stamp(path: str) -> list[int] | None:
    """Size and time of change of a file; None of what is no file."""
    if not Path(path).is_file():
        return None
    facts = Path(path).stat()
    return [facts.st_size, facts.st_mtime_ns]


def done_before(path: Path, settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The reports of videos that an interrupted command with the same settings completed."""
    try:
        summary = read_json(path)
    except BdnetError:
        return {}
    if summary.get("is_complete", True) or summary.get("settings") != settings:
        return {}
    return {
        video: report
        for video, report in summary["videos"].items()
        if report.get("is_complete")
        and report.get("source") is not None
        and report["source"] == stamp(video)
        and all(Path(file).exists() for file in report["files"])
    }
