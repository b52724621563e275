"""Comparisons of many videos: a page of each, one table of all."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig
from pandas import DataFrame

from bdnet.inference.accelerate.comparison import BOTH
from bdnet.inference.accelerate.configured import accelerated_of
from bdnet.inference.many_videos import Task, VideoReport, settings_of, work_on_each
from bdnet.system.shards import Shard, exclusive_shard


def compare_each(config: DictConfig, videos: Mapping[Path, str], shard: Shard) -> None:
    """Compares on each video of a shard, and prints the table of all that have been compared."""
    fast, output = accelerated_of(config), Path(config.output)
    facts = {"network": config.network, "keyframes": str(fast.keyframes)} | fast.settings._asdict()
    task = Task(videos, output, facts, settings_of(config), config.overwrite)

    def work(name: Path, video: str, report: VideoReport) -> None:
        labels = None if config.labels is None else Path(config.labels) / name
        comparison = fast.compare(
            video, config.frames, labels, config.motion, config.search, config.track
        )
        page = comparison.html(output / name.with_name(f"{name.name}.html"))
        report |= {**comparison.report(), "is_complete": True, "files": [str(page)]}
        print(f"{video}: {page}")

    with exclusive_shard(output, shard, "; or choose another output"):
        summary = work_on_each(task, shard, work)
    print(f"\n{table(summary['videos']).to_string(na_rep='-')}\n\n-> {output}")
    if failed := summary["failed"]:
        sys.exit("\n".join(f"failed: {reason}" for reason in failed.values()))


def table(videos: Mapping[str, Mapping[str, Any]]) -> DataFrame:
    """A row for each video, and one of all their frames together."""
    rows = {video: _row([report]) for video, report in videos.items()}
    if videos:
        rows[f"all {len(videos)}"] = _row([*videos.values()])
    return DataFrame.from_dict(rows, orient="index").rename_axis("video")


def _row(reports: list[Mapping[str, Any]]) -> dict[str, float]:
    every, fast = (
        {key: sum(report[key][name] for report in reports) for key in ("calls", "seconds")}
        for name in BOTH
    )
    row = {
        "frames": sum(report["frames"] for report in reports),
        "agreement mIoU": _miou(reports, "agreement"),
        "calls": round(fast["calls"] / every["calls"], 3),
        "seconds": round(fast["seconds"] / every["seconds"], 3),
    }
    if all(BOTH[0] in report["pixels"] for report in reports):
        row |= {f"mIoU, {name}": _miou(reports, name) for name in BOTH}
    return row


def _miou(reports: list[Mapping[str, Any]], name: str) -> float:
    """Of all pixels together, in percent; classes that do not occur are left out."""
    pixels = np.array([report["pixels"][name] for report in reports]).sum(0)
    hits, true, guessed = pixels.T
    union = true + guessed - hits
    return round(100 * float(np.mean(hits[union > 0] / union[union > 0])), 2)
