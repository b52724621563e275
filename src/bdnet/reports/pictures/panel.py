"""A clip with its labels and what networks predict, in tiles side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bdnet.codec.pixels import Image
from bdnet.data.classes import Classes
from bdnet.data.normalisation import denormalise
from bdnet.motion.accumulation import accumulate
from bdnet.motion.upsampling import upsample
from bdnet.reports.pictures.file import save
from bdnet.reports.pictures.lettering import DARK, captioned, legend
from bdnet.reports.pictures.paint import (
    Labels,
    paint_errors,
    paint_labels,
    paint_motion,
    paint_probability,
)
from bdnet.types import IGNORE, Clip

TILE = 512  # pixels: smaller pictures are enlarged to about this width, larger ones shrunk
GAP = 4  # pixels between tiles, and between rows


def panel(
    clip: Clip, prediction: Tensor | Labels | None, edges: Tensor | None, classes: Classes
) -> Image:
    """One row of captioned tiles, uint8 RGB [height, width, 3].

    keyframe | target | vectors back to the keyframe | label | prediction | error | boundary

    clip:       a single one, uint8 or normalised, on any device
    prediction: classes [H, W] of the target; None leaves it and its error out
    edges:      logits [1, h, w] of the boundary stream; None leaves its tile out
    """
    views = _Views(clip, classes)
    count = int(clip.offset)
    tiles = {
        f"keyframe, t - {count}" if count else "keyframe, t": views.picture(0),
        "target, t": views.target,
        f"vectors of {count} frame{'s' * (count != 1)}": views.vectors(),
        "label": views.labels(views.truth),
    }
    if prediction is not None:
        guess = _array(prediction)
        tiles["prediction"] = views.labels(guess)
        tiles[f"error{_share_wrong(guess, views.truth)}"] = views.errors(guess)
    if edges is not None:
        tiles["boundary"] = views.boundary(edges)
    return beside([captioned(tile, words) for words, tile in tiles.items()])


def comparison(
    clip: Clip,
    predictions: Mapping[str, Tensor | Labels],
    classes: Classes,
    columns: int = 4,
) -> Image:
    """Target, label, and several networks' predictions [H, W] of it by name, as captioned tiles."""
    views = _Views(clip, classes)
    tiles = {"target": views.target}
    if (views.truth != IGNORE).any():
        tiles["label"] = views.labels(views.truth)
    for name, prediction in predictions.items():
        guess = _array(prediction)
        tiles[name + _share_wrong(guess, views.truth)] = views.labels(guess)
    captions = [captioned(tile, words) for words, tile in tiles.items()]
    rows = [captions[start : start + columns] for start in range(0, len(captions), columns)]
    return stacked([beside(row) for row in rows])


def sheet_of_panels(rows: Sequence[Image], classes: Classes, path: Path) -> None:
    """Writes panels or comparisons below each other, and the legend, as a PNG."""
    width = max(row.shape[1] for row in rows)
    save(stacked([*rows, legend(classes, width)]), path)


def beside(tiles: Sequence[Image]) -> Image:
    """Tiles of one height from left to right."""
    return np.concatenate(
        [np.pad(tile, ((0, 0), (0, GAP), (0, 0)), constant_values=DARK[0]) for tile in tiles], 1
    )[:, :-GAP]


def stacked(rows: Sequence[Image]) -> Image:
    """Rows from top to bottom, the shorter ones filled up."""
    width = max(row.shape[1] for row in rows)
    filled = [
        np.pad(row, ((0, GAP), (0, width - row.shape[1]), (0, 0)), constant_values=DARK[0])
        for row in rows
    ]
    return np.concatenate(filled)[:-GAP]


class _Views:
    """Tiles of one clip, all of one size."""

    def __init__(self, clip: Clip, classes: Classes) -> None:
        self.clip = denormalise(clip) if clip.images.is_floating_point() else clip
        self.classes = classes
        height, width = self.frame = tuple(clip.images.shape[-2:])
        self.scale = max(1, round(TILE / width)) * min(1.0, TILE / width)
        # width first, as OpenCV has it
        self.size = round(self.scale * width), max(1, round(self.scale * height))
        self.target = self.picture(-1)
        self.truth = _array(clip.labels)

    def picture(self, position: int) -> Image:
        pixels = self.clip.images[position].permute(1, 2, 0).cpu().numpy()
        return self._resized(pixels, cv2.INTER_CUBIC).astype(np.uint8, copy=False)

    def labels(self, labels: NDArray[np.uint8]) -> Image:
        return paint_labels(self._nearest(labels), self.classes)

    def errors(self, guess: NDArray[np.uint8]) -> Image:
        return paint_errors(self._nearest(guess), self._nearest(self.truth), self.target)

    def vectors(self) -> Image:
        motion, valid = accumulate(self.clip.motion.cpu(), self.clip.valid.cpu())
        return paint_motion(motion.numpy(), valid.numpy(), self.target, self.scale)

    def boundary(self, edges: Tensor) -> Image:
        logits = upsample(edges.detach().float().cpu()[None], *self.frame)
        probability = torch.sigmoid(logits)[0, 0].numpy()
        resized = self._resized(probability, cv2.INTER_LINEAR)
        return paint_probability(resized.astype(np.float32, copy=False))

    def _resized(self, pixels: NDArray[Any], enlarge: int) -> NDArray[Any]:
        method = cv2.INTER_AREA if self.scale < 1 else enlarge
        return cv2.resize(pixels, self.size, interpolation=method)

    def _nearest(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        resized = cv2.resize(labels, self.size, interpolation=cv2.INTER_NEAREST_EXACT)
        return resized.astype(np.uint8, copy=False)


def _array(labels: Tensor | Labels) -> NDArray[np.uint8]:
    if isinstance(labels, Tensor):
        labels = labels.cpu().numpy()
    return labels.astype(np.uint8)


def _share_wrong(guess: Labels, truth: Labels) -> str:
    """For a caption: how much of the labelled picture is wrong, nothing where none is labelled."""
    labelled = truth != IGNORE
    if not labelled.any():
        return ""
    return f", {100 * float((guess != truth)[labelled].mean()):.1f} % wrong"
