"""Exported graphs on real frames, beside PyTorch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

from bdnet.codec import VideoReader
from bdnet.inference.exported import GraphStream
from bdnet.inference.labeller import Labeller
from bdnet.keyframes.fixed import Fixed
from bdnet.models.base import VideoModel
from bdnet.types import Frame


class Agreement(NamedTuple):
    """Of a graph with PyTorch.

    frames:     compared
    difference: the largest of any logit
    labels:     share of pixels with the same class
    """

    format: str
    graph: str
    frames: int
    difference: float
    labels: float


def read(video: str | Path, interval: int, count: int) -> Iterator[tuple[Frame, bool]]:
    """The first frames of a video with their images, and whether each is a keyframe."""
    is_key = Fixed(interval).begin()
    with VideoReader(video, "all", strict=False, motion="auto") as reader:
        for frame in islice(reader, count):
            if frame.image is not None:
                yield frame, is_key(frame)


def compare(
    model: VideoModel, frames: Iterable[tuple[Frame, bool]], streams: Mapping[str, GraphStream]
) -> list[Agreement]:
    """The network beside its graphs, each with a state of its own.

    frames:  with images, and whether each is a keyframe
    streams: by format
    """
    reference = Labeller(model.eval())
    differences: dict[tuple[str, str], list[float]] = defaultdict(list)
    same_labels: dict[tuple[str, str], list[float]] = defaultdict(list)
    for frame, is_key in frames:
        assert frame.image is not None
        height, width = frame.image.shape[:2]
        logits, labels = reference.predict(frame, is_key, height, width)
        for name, stream in streams.items():
            outputs = stream.step(frame, is_key)
            graph = "key" if is_key or "other" not in stream.graphs else "other"
            differences[name, graph].append(np.abs(outputs["logits"] - logits.numpy()).max())
            same = outputs["labels"][:, :height, :width] == labels.numpy()
            same_labels[name, graph].append(same.mean())
    return [
        # not `max`, which may skip NaN
        Agreement(*key, len(values), float(np.max(values)), float(fmean(same_labels[key])))
        for key, values in sorted(differences.items())
    ]


def table(agreements: Iterable[Agreement]) -> str:
    """As text, a line for each."""
    lines = ["  format  graph  frames  max |difference| of logits  same labels"]
    lines += [
        f"  {row.format:<6}  {row.graph:<5}  {row.frames:>6}  {row.difference:>26.2e}  "
        f"{100 * row.labels:>9.4f} %"
        for row in agreements
    ]
    return "\n".join(lines)
