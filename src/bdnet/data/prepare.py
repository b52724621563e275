"""Making a data set's files: by one process at a time, in parallel, and resumable."""

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from tqdm import tqdm

from bdnet.codec import Encoding, VideoWriter
from bdnet.data.errors import BadData
from bdnet.system.machine import cores
from bdnet.system.workers import worker_pool

ClipJob = TypeVar("ClipJob")
Picture = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # RGB image [H, W, 3], label [H, W]


def digest(*facts: object) -> str:
    """Ten digits that change with the facts: a folder made from other ones has another name."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:10]


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Only one process of this machine prepares a folder; the lock dies with its process."""
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):
        yield


def run_all(
    work: Callable[[ClipJob], object],
    jobs: Collection[ClipJob],
    title: str,
    unit: str,
    processes: int = 0,
) -> None:
    """Does each job, with progress; the first error stops the rest.

    Several processes do several jobs at once; 0 is one per core, 1 is this process itself.
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

    The video appears last and complete: where it stands, the clip is done.
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
