"""What exported graphs make of real frames, beside what PyTorch makes of them."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bdnet.codec import VideoReader
from bdnet.data.normalisation import normalise_images
from bdnet.inference.exported import GraphStream, Tensors
from bdnet.keyframes.fixed import Fixed
from bdnet.models.base import VideoModel
from bdnet.motion.upsampling import label_map
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


class Reference:
    """The network itself on a stream of frames with pictures."""

    def __init__(self, model: VideoModel) -> None:
        self.model, self.state = model.eval(), model.start()

    @torch.inference_mode()
    def step(self, frame: Frame, is_key: bool) -> Tensors:
        image = normalise_images(_tensor(frame.image).permute(0, 3, 1, 2))
        motion, valid = (None if is_key else _tensor(each) for each in (frame.motion, frame.valid))
        step = self.model.read(image, motion, valid, is_key)
        self.state, logits = self.model.step(self.state, step)
        labels = label_map(logits, *image.shape[-2:]).to(torch.uint8)
        return {"logits": logits.numpy(), "labels": labels.numpy()}


def watch(video: str | Path, interval: int, count: int) -> Iterator[tuple[Frame, bool]]:
    """The first frames of a video with their pictures, and whether each is a keyframe."""
    is_due = Fixed(interval).begin()
    with VideoReader(video, "all", strict=False) as reader:
        for frame in islice(reader, count):
            if frame.image is not None:
                yield frame, is_due(frame)


def compare(
    model: VideoModel, frames: Iterable[tuple[Frame, bool]], streams: Mapping[str, GraphStream]
) -> list[Agreement]:
    """The network beside its graphs, each with a memory of its own.

    frames:  with pictures, and whether each is a keyframe
    streams: by format
    """
    reference = Reference(model)
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for frame, is_key in frames:
        wanted = reference.step(frame, is_key)
        for name, stream in streams.items():
            outputs = stream.step(frame, is_key)
            graph = "key" if is_key or "other" not in stream.graphs else "other"
            found.setdefault((name, graph), []).append(_differences(outputs, wanted, frame))
    return [
        Agreement(*key, len(each), *(float(a) for a in (np.max(each, 0)[0], np.mean(each, 0)[1])))
        for key, each in sorted(found.items())
    ]


def table(agreements: Iterable[Agreement]) -> str:
    """As text, a line each."""
    lines = ["  format  graph  frames  max |difference| of logits  same labels"]
    lines += [
        f"  {each.format:<6}  {each.graph:<5}  {each.frames:>6}  {each.difference:>26.2e}  "
        f"{100 * each.labels:>9.4f} %"
        for each in agreements
    ]
    return "\n".join(lines)


def _differences(found: Tensors, wanted: Tensors, frame: Frame) -> tuple[float, float]:
    """The largest of the logits, and the share of equal labels."""
    assert frame.image is not None
    height, width = frame.image.shape[:2]
    far = np.abs(found["logits"] - wanted["logits"]).max()
    same = found["labels"][:, :height, :width] == wanted["labels"]
    return float(far), float(same.mean())


def _tensor(array: NDArray[Any] | None) -> Tensor:
    assert array is not None
    return torch.from_numpy(array)[None]
