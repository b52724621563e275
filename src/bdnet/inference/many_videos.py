"""Work on many videos with one output folder: in shards, resumable, with one summary of all.

Each shard keeps a summary of its own while it works. Whenever a shard ends, those of all shards
become summary.json, so that the last one completes it.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from omegaconf import DictConfig, OmegaConf

from bdnet.codec.errors import UnsupportedStream
from bdnet.codec.finding import find_sources, images_in, result_names
from bdnet.codec.sources import Source
from bdnet.errors import BdnetError, naming
from bdnet.system.files import read_json, write_json
from bdnet.system.locks import exclusive
from bdnet.system.shards import Shard, shards_folder

VideoReport = dict[str, Any]  # of one video in summary.json
SUMMARY = "summary.json"
# keys that change no result
ELSEWHERE = ("output", "video", "page", "overwrite", "shard", "shards", "max_pixels", "hydra")


class Task(NamedTuple):
    """What is done with each of many videos.

    videos:    all of them, by the name of their results below `output`
    facts:     for the summary
    settings:  all that results depend on; results of others are not kept
    overwrite: do it again where it is done already
    """

    videos: Mapping[Path, str]
    output: Path
    facts: Mapping[str, Any]
    settings: Mapping[str, Any]
    overwrite: bool = False


def find_videos(pattern: str) -> dict[Path, str]:
    """The videos that match, by the name of their results below the output folder."""
    if "://" in pattern:
        stem = Path(urlsplit(pattern).path).stem
        return {Path(stem if stem.strip(".") else "stream"): pattern}
    if pattern.startswith("camera:"):
        return {Path(re.sub(r"[:/]", "-", pattern)): pattern}
    if (path := Path(pattern)).is_file():
        sources = [Source(Path(path.name), (path,), is_video=True)]
    else:
        try:
            sources = find_sources(pattern, images=False)
        except UnsupportedStream:
            sources = find_sources(pattern)  # folders of images are videos too
    return {name: str(source.path) for name, source in result_names(sources).items()}


def work_on_each(
    task: Task, shard: Shard, work: Callable[[Path, str, VideoReport], None]
) -> dict[str, Any]:
    """Calls work(name, video, report) for the videos of a shard, and returns the summary of all.

    Its `failed` are the shard's own. A video that fails does not stop the others, and one that is
    complete is not done again.
    """
    done = {} if task.overwrite else done_before(task)
    own: VideoReport = {
        **task.facts, "is_complete": False, "videos": {}, "failed": {},
        "settings": dict(task.settings),
    }  # fmt: skip
    path = shard.folder(task.output) / SUMMARY
    try:
        for name, video in shard.of([*task.videos.items()]):
            if video in done:
                own["videos"][video] = done[video]
                print(f"{video}: done already")
                continue
            _work_on(name, video, own, work)
            write_json(path, own)
        own["is_complete"] = True
    finally:  # after an interrupt too
        write_json(path, own)
        summary = own if shard.total == 1 else merge(task)
    return {**summary, "failed": own["failed"]}


def _work_on(
    name: Path, video: str, summary: VideoReport, work: Callable[[Path, str, VideoReport], None]
) -> None:
    report: VideoReport = {"source": stamp(video)}
    summary["videos"][video] = report
    try:
        work(name, video, report)
    except (BdnetError, OSError) as error:
        summary["failed"][video] = naming(video, error)
        del summary["videos"][video]


def merge(task: Task) -> dict[str, Any]:
    """Writes summary.json of all that shards have done up to now."""
    with exclusive(shards_folder(task.output), wait=True):
        done = done_before(task)
        failed: dict[str, str] = {}
        for summary in _summaries(task):
            failed |= {video: why for video, why in summary["failed"].items() if video not in done}
        order = [*task.videos.values()]
        whole = {
            **task.facts,
            "is_complete": {*done, *failed} >= {*order},
            "videos": {video: done[video] for video in order if video in done},
            "failed": {video: failed[video] for video in order if video in failed},
            "settings": dict(task.settings),
        }
        write_json(task.output / SUMMARY, whole)
    return whole


def done_before(task: Task) -> dict[str, VideoReport]:
    """The reports of videos that commands with the same settings have completed here."""
    return {
        video: report
        for summary in _summaries(task)
        for video, report in summary["videos"].items()
        if report.get("is_complete")
        and report.get("source") is not None
        and report["source"] == stamp(video)
        and all(Path(file).exists() for file in report["files"])
    }


def _summaries(task: Task) -> list[dict[str, Any]]:
    """Those with the same settings: of the whole list, then of shards, the latest last."""
    paths = [*shards_folder(task.output).glob(f"*/{SUMMARY}")]
    summaries = []
    for path in [task.output / SUMMARY, *sorted(paths, key=lambda path: path.stat().st_mtime_ns)]:
        with suppress(BdnetError):
            summaries.append(read_json(path))
    return [summary for summary in summaries if summary.get("settings") == task.settings]


def settings_of(config: DictConfig) -> dict[str, Any]:
    """All of a command's settings that results depend on, beside the videos."""
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    settings = {str(key): value for key, value in plain.items() if key not in ELSEWHERE}
    if (run := config.get("run")) is None:
        weights = config.network.rpartition(":")[-1]
    else:
        weights = f"{run}/{config.checkpoint}.ckpt"
    return settings | {"weights": stamp(weights)}


def stamp(path: str) -> list[int] | str | None:
    """What changes with the content of a file or of a folder of images; None of anything else."""
    if Path(path).is_dir() and (images := images_in(Path(path))):
        return Source(Path(path), images, is_video=False).signature()
    if not Path(path).is_file():
        return None
    facts = Path(path).stat()
    return [facts.st_size, facts.st_mtime_ns]
