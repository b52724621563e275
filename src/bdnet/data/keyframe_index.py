"""How many frames each video of a data set has, and where its codec keyframes are."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from bdnet.codec.index import StreamIndex, read_index
from bdnet.errors import BdnetError
from bdnet.system.files import replace_file

MANY = 200  # videos; fewer are read before a progress bar would be seen


class KeyframeIndex(NamedTuple):
    """Frames of a video, and the indices of its codec keyframes."""

    frames: int
    keys: tuple[int, ...]

    def distance(self, target: int) -> int:
        """Frames from the last codec keyframe to the target."""
        return target - max((key for key in self.keys if key <= target), default=target)


def index_videos(
    videos: Iterable[Path], store: Path | None = None, torn: dict[Path, str] | None = None
) -> dict[Path, KeyframeIndex]:
    """Reads each video's packets, or what `store` remembers of a file of the same size and time.

    torn: is told which videos cannot be read, and why; without it, the first such one is an error
    """
    known = _load(store)
    states = {video: _state(video) for video in dict.fromkeys(videos)}
    unread = [video for video, state in states.items() if known.get(str(video), [None])[0] != state]

    def attempt(video: Path) -> StreamIndex | str:
        try:
            return read_index(video)
        except BdnetError as error:
            if torn is None:
                raise
            return str(error)

    with ThreadPoolExecutor() as pool:
        indices = tqdm(
            pool.map(attempt, unread), "read", len(unread), unit="video",
            disable=len(unread) < MANY,
        )  # fmt: skip
        for video, index in zip(unread, indices, strict=True):
            if isinstance(index, str):
                assert torn is not None
                torn[video] = index
            else:
                known[str(video)] = [states[video], len(index), index.keys.tolist()]
    if unread and store is not None:
        _save(store, known)
    found = {video: known[str(video)] for video in states if not torn or video not in torn}
    return {video: KeyframeIndex(frames, tuple(keys)) for video, (_, frames, keys) in found.items()}


def _state(video: Path) -> list[int]:
    """Size and time of change; [] of a file that is gone, which is then read in vain."""
    try:
        stat = video.stat()
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]


def _load(store: Path | None) -> dict[str, list]:  # type: ignore[type-arg]  # as json gives it
    try:
        found = dict(json.loads(store.read_text())) if store is not None else {}
    except (OSError, TypeError, ValueError):
        return {}  # not there yet, or torn: it is read again
    return {video: entry for video, entry in found.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    """Whether it is as `index_videos` notes it: size and time, frames, keyframes."""
    match entry:
        case [list(), int(), list(keys)]:
            return all(isinstance(key, int) for key in keys)
    return False


def _save(store: Path, known: dict[str, list]) -> None:  # type: ignore[type-arg]
    with suppress(OSError):  # a data set on a read-only or full disk is read each time
        replace_file(store, json.dumps(known).encode())
