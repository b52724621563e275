"""The number of frames and the codec keyframes of each video of a data set."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from bdnet.codec.index import read_index
from bdnet.errors import BdnetError
from bdnet.system.files import replace_file

MANY = 200  # videos; fewer are read too fast for a progress bar


class KeyframeIndex(NamedTuple):
    """Number of frames of a video, and the indices of its codec keyframes."""

    frames: int
    keys: tuple[int, ...]

    def distance(self, target: int) -> int:
        """Frames from the last codec keyframe to the target."""
        return target - max((key for key in self.keys if key <= target), default=target)


def index_videos(
    videos: Iterable[Path], cache: Path | None = None, errors: dict[Path, str] | None = None
) -> dict[Path, KeyframeIndex]:
    """Reads each video's packets, unless `cache` remembers a file of the same size and time.

    errors: collects the reasons why videos cannot be read; without it, the first one is raised
    """
    cached = _load(cache)
    stamps = {video: _stamp(video) for video in dict.fromkeys(videos)}
    unread = [video for video in stamps if cached.get(str(video), [])[:2] != stamps[video]]

    def read(video: Path) -> list[int] | str:
        try:
            index = read_index(video)
        except BdnetError as error:
            if errors is None:
                raise
            return str(error)
        return [*stamps[video], len(index), *index.keys.tolist()]

    with ThreadPoolExecutor() as pool:
        results = tqdm(
            pool.map(read, unread), "read", len(unread), unit="video", disable=len(unread) < MANY
        )
        for video, result in zip(unread, results, strict=True):
            if not isinstance(result, str):
                cached[str(video)] = result
            elif errors is not None:
                errors[video] = result
    if unread and cache is not None:
        with suppress(OSError):  # a data set on a read-only or full disk is read each time
            replace_file(cache, json.dumps(cached).encode())
    indices = {}
    for video in stamps:
        if errors is None or video not in errors:
            _, _, frames, *keys = cached[str(video)]
            indices[video] = KeyframeIndex(frames, tuple(keys))
    return indices


def _stamp(video: Path) -> list[int]:
    """Size and time of change; [-1, -1] of a file that is gone."""
    try:
        stat = video.stat()
    except OSError:
        return [-1, -1]
    return [stat.st_size, stat.st_mtime_ns]


def _load(cache: Path | None) -> dict[str, list[int]]:
    """Size, time, frames and keyframes by video; nothing where the file is absent or torn."""
    try:
        content = dict(json.loads(cache.read_text())) if cache is not None else {}
        return {
            video: [int(number) for number in numbers]
            for video, numbers in content.items()
            if len(numbers) > 2
        }
    except (OSError, TypeError, ValueError, RecursionError):
        return {}
