"""Reads every file of a data set, and lists all problems at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bdnet.codec import describe
from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.errors import BdnetError

Result = TypeVar("Result")
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass
class Findings:
    """What a data set holds, and its problems as sentences.

    targets, videos: how many labelled frames and videos a split has
    pixels:          [256] how many pixels have a class
    occurs:          [256] in how many label images a class occurs
    """

    targets: dict[str, int] = field(default_factory=dict)
    videos: dict[str, int] = field(default_factory=dict)
    pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    occurs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    problems: list[str] = field(default_factory=list)


def check(dataset: ClipDataset) -> Findings:
    """Probes every video and reads every label of every split."""
    findings = Findings()
    samples: dict[Sample, None] = {}
    for split in SPLITS:
        try:
            labelled = dataset.samples(split)
        except BdnetError as error:
            findings.problems.append(str(error))
            continue
        findings.targets[split] = len(labelled)
        findings.videos[split] = len({sample.video for sample in labelled})
        if not labelled:
            findings.problems.append(f"{split}: no labelled frame")
        samples.update(dict.fromkeys(labelled))
    sizes = _check_videos({sample.video: None for sample in samples}, findings)
    _check_labels(dataset, samples, sizes, findings)
    findings.problems = list(dict.fromkeys(findings.problems))  # splits share their mistakes
    return findings


def _check_videos(videos: Iterable[Path], findings: Findings) -> dict[Path, tuple[int, int, int]]:
    """Height, width and frames of each video that can be read."""
    sizes = {}
    for video, info in _read_all(describe, list(videos), "videos", findings):
        findings.problems += [f"{video}: {problem}" for problem in info.problems]
        sizes[video] = info.height, info.width, info.frames
    return sizes


def _check_labels(
    dataset: ClipDataset,
    samples: Iterable[Sample],
    sizes: dict[Path, tuple[int, int, int]],
    findings: Findings,
) -> None:
    labelled = {sample.label: sample for sample in samples if sample.label is not None}
    for path, labels in _read_all(dataset.read_label, list(labelled), "labels", findings):
        sample = labelled[path]
        counts = np.bincount(labels.reshape(-1), minlength=256)
        findings.pixels += counts
        findings.occurs += counts > 0
        if sample.video not in sizes:
            continue
        *size, frames = sizes[sample.video]
        if list(labels.shape) != size:
            findings.problems.append(
                f"{path} is {labels.shape[0]}x{labels.shape[1]} (height x width), its video "
                f"{sample.video} {size[0]}x{size[1]}"
            )
        if sample.target >= frames:
            findings.problems.append(
                f"{path} labels frame {sample.target}, and {sample.video} has {frames} frames"
            )


def _read_all(
    read: Callable[[Path], Result], paths: list[Path], title: str, findings: Findings
) -> Iterable[tuple[Path, Result]]:
    """What was read of each file; an error becomes a problem."""

    def attempt(path: Path) -> Result | BdnetError:
        try:
            return read(path)
        except BdnetError as error:
            return error

    with ThreadPoolExecutor() as pool:
        results = tqdm(pool.map(attempt, paths), f"check {title}", len(paths), unit="file")
        for path, result in zip(paths, results, strict=True):
            if isinstance(result, BdnetError):
                findings.problems.append(str(result))
            else:
                yield path, result
