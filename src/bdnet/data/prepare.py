"""Making a data set's files: by one process at a time, in parallel, and resumable."""

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import as_completed
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bdnet.codec import Encoding, VideoWriter
from bdnet.codec.transcode import TranscodeJob, transcode, transcode_all
from bdnet.data.errors import BadData
from bdnet.system.machine import cores
from bdnet.system.workers import worker_pool

Job = TypeVar("Job")
Picture = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # RGB image [H, W, 3], label [H, W]
MANY = 20  # failures listed in one error
LONG_WORK = 20  # videos; for so many, the first one tells how long all take

log = logging.getLogger(__name__)


def digest(*facts: object) -> str:
    """Ten hexadecimal digits that change with any of the facts, to name a folder after them."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:10]


def run_all(
    work: Callable[[Job], object],
    jobs: Collection[Job],
    title: str,
    unit: str,
    processes: int = 0,
) -> None:
    """Calls `work` on each job, with a progress bar; the first error stops the rest.

    processes: number of worker processes; 0 is one per core, 1 works in this process
    """
    if not jobs:
        return
    count = min(len(jobs), processes or cores())
    if count == 1:
        for job in tqdm(jobs, title, unit=unit):
            work(job)
        return
    with worker_pool(count) as pool:
        futures = [pool.submit(work, job) for job in jobs]
        for future in tqdm(as_completed(futures), title, len(futures), unit=unit):
            future.result()


def encode_all(jobs: list[TranscodeJob], processes: int = 0) -> None:
    """Encodes every sequence, then names those that failed in one error."""
    if not jobs:
        return
    outcomes = []
    if len(jobs) >= LONG_WORK:
        start = time.perf_counter()
        outcomes.append(transcode(jobs[0]))
        seconds, jobs = time.perf_counter() - start, jobs[1:]
        if outcomes[0].status == "done":
            _check_space(outcomes[0].output, seconds, len(jobs), processes or cores())
    outcomes += transcode_all(jobs, processes or None)
    failures = [outcome.detail for outcome in outcomes if outcome.status == "failed"]
    if failures:
        raise BadData(
            f"{len(failures)} of {len(outcomes)} videos could not be encoded; repair them and "
            "start again, the others are kept:\n" + "\n".join(failures[:MANY])
        )


def _check_space(first: Path, seconds: float, count: int, processes: int) -> None:
    """Says how long so many videos like the first take, and refuses if they do not fit."""
    needed, free = count * first.stat().st_size, shutil.disk_usage(first.parent).free
    log.info(
        "%d videos to encode: about %.0f minutes with %d processes, and %.1f of %.1f GB free",
        count, count * seconds / processes / 60, processes, needed / 1e9, free / 1e9,
    )  # fmt: skip
    if needed > free:
        raise BadData(
            f"{first.parent}: {count} videos take about {needed / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free; free space, or choose another folder (cache)"
        )


def clip_path(root: Path, name: str) -> Path:
    return root / "videos" / f"{name}.mp4"


def write_clip(
    root: Path,
    name: str,
    pictures: Iterable[Picture],
    encoding: Encoding,
    labelled: Collection[int] | None = None,
) -> None:
    """Writes root/labels/NAME/*.png, of the frames in `labelled` or all, then root/videos/NAME.mp4.

    The video appears last and complete, so a clip with a video is done.
    """
    labels = root / "labels" / name
    partial = labels.with_name(f".{name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with VideoWriter(clip_path(root, name), encoding=encoding) as writer:
        for index, (image, label) in enumerate(pictures):
            writer.write(image)
            if labelled is None or index in labelled:
                _save(label, partial / f"{index:06d}.png")
        shutil.rmtree(labels, ignore_errors=True)
        partial.replace(labels)


def _save(label: NDArray[np.uint8], path: Path) -> None:
    _, encoded = cv2.imencode(".png", label)
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise BadData(
            f"{path}: cannot be written ({error.strerror}); free space on its disk and start "
            "again: the clips that are done are kept"
        ) from error
