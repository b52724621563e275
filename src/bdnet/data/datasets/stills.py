"""Labelled single images as clips, by a camera that moves over them."""

import json
import zlib
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.codec import Encoding
from bdnet.data.base import (
    SPLITS,
    ClipDataset,
    Sample,
    Split,
    all_frames,
    prepared,
    warn_val_is_test,
)
from bdnet.data.camera_path import CameraPath
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData, check_whole
from bdnet.data.image_pairs import ImagePair, PairFolders, check_pairs, hold_out
from bdnet.data.labels import read_label
from bdnet.data.prepare import Picture, clip_path, digest, run_all, write_clip
from bdnet.system.files import write
from bdnet.system.locks import exclusive
from bdnet.types import IGNORE

VERSION = 1  # of the rendering; increase it when the same parameters give other pictures


@dataclass(eq=False)
class Stills(ClipDataset):
    """Clips rendered from image/label pairs, encoded, and kept on first use.

    root:      folder of the data set; images, labels and lists are relative to it
    cache:     folder for the clips; each set of parameters gets its own folder in it
    classes:   with the values that the label images store
    images:    folder of the images of train and, unless None, of val and test
    labels:    folder of their labels, which have the same names
    lists:     text file of the names in each split, for folders that hold more than one split
    val_share: of the training images that are kept for validation, where images has no val
    path:      of the camera; at the labelled frame it shows the still itself
    length:    frames of a clip
    label:     the labelled frame
    dense:     labels every frame; the others' labels are resampled, and void beyond the still
    size:      [height, width] that stills are scaled and padded to; None keeps their own
    margin:    pixels cropped from each side of the still, so that a moving camera sees real pixels
               there; beyond the still it sees a mirror image
    """

    root: Path | str
    cache: Path | str
    classes: Classes
    images: dict[str, str | None]
    labels: dict[str, str | None]
    path: CameraPath
    encoding: Encoding
    lists: dict[str, str | None] | None = None
    val_share: float = 0.0
    length: int = 12
    label: int = 11
    dense: bool = False
    size: tuple[int, int] | None = None
    margin: int = 0
    seed: int = 0
    processes: int = 0

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("label", self.label, 0, self.length - 1),
            ("margin", self.margin, 0, 512),
            ("val_share", self.val_share, 0, 0.9),
        ):
            if not least <= value <= most:
                raise BadData(f"{name}={value}: from {least} to {most} (length={self.length})")
        check_whole(0, processes=self.processes)
        if self.encoding.interval < self.length:
            raise BadData(
                f"encoding.interval={self.encoding.interval}: at least length={self.length}, so "
                "that any frame of a clip can be the keyframe"
            )
        self.folders = PairFolders(Path(self.root), self.images, self.labels, self.lists or {})
        if "train" not in self.folders.splits:
            raise BadData(
                f"images={self.images}: name the folder of train, from which clips are made"
            )
        facts = asdict(self) | {"encoding": self.encoding.facts(), "cache": "", "processes": 0}
        facts["root"] = str(Path(self.root).resolve())
        self.folder = Path(self.cache) / f"stills-{digest(facts, VERSION)}"
        self.keyframe_cache = self.folder / "keyframes.json"

    def read_label(self, path: Path) -> NDArray[np.uint8]:
        return read_label(path, replace(self.classes, stored=None))  # as `render` made it

    def prepare(self, splits: Collection[Split] = SPLITS) -> None:
        if not self._missing(splits):
            return
        with exclusive(self.folder, wait=True):
            missing = self._missing(splits)
            check_pairs([pair for _, pair in missing], self.classes)
            self.classes.write(self.folder / "classes.yaml")
            facts = json.dumps(asdict(self), default=str, indent=1)
            write(self.folder / "parameters.json", facts.encode())
            title = f"render stills into {self.folder}"
            run_all(partial(_render, self), missing, title, "clip", self.processes)

    def samples(self, split: Split) -> list[Sample]:
        labelled = range(self.length) if self.dense else [self.label]
        samples = []
        for folder, pair in self.pairs(split):
            video = prepared(self._video(folder, pair))
            if split == "predict":
                samples += all_frames(video, self.length)
            else:
                labels = self.folder / folder / "labels" / pair.name
                samples += [Sample(video, n, labels / f"{n:06d}.png") for n in labelled]
        return samples

    def stored_split(self, split: Split) -> str:
        source = "test" if split == "predict" else split
        return "val" if source == "test" and "test" not in self.folders.splits else source

    def pairs(self, split: Split) -> list[tuple[str, ImagePair]]:
        """The stills of a split, each with the split of its folder."""
        source = self.stored_split(split)
        if (split, source) == ("test", "val"):
            warn_val_is_test(self.root)
        if "val" in self.folders.splits or source == "test":
            return [(source, pair) for pair in self.folders.pairs(source)]
        pairs = self.folders.pairs("train")
        if self.val_share:
            pairs = hold_out(pairs, self.val_share, self.seed)[source == "val"]
        elif source == "val":
            raise BadData(
                f"{self.root}: no val images; name their folder in images.val and labels.val, or "
                "keep some of the training images: val_share=0.1"
            )
        return [("train", pair) for pair in pairs]

    def _video(self, folder: str, pair: ImagePair) -> Path:
        return clip_path(self.folder / folder, pair.name)

    def _missing(self, splits: Collection[Split]) -> list[tuple[str, ImagePair]]:
        return [
            (folder, pair)
            for folder in sorted(set(map(self._folder, splits)))
            for pair in self.folders.pairs(folder)
            if not self._is_made(folder, pair)
        ]

    def _folder(self, split: Split) -> str:
        """The split whose folder holds this split's images: its own, or that of the one before."""
        order = ("test", "val", "train")
        own = "test" if split == "predict" else split
        return next(name for name in order[order.index(own) :] if name in self.folders.splits)

    def _is_made(self, folder: str, pair: ImagePair) -> bool:
        """Whether the clip is there and newer than its image and label."""
        video = self._video(folder, pair)
        corrected = max(path.stat().st_mtime for path in (pair.image, pair.label))
        return video.is_file() and video.stat().st_mtime >= corrected

    def render(self, folder: str, pair: ImagePair) -> Iterator[Picture]:
        """The frames of a still's clip, and their labels."""
        still = pair.read(self.classes)
        if self.size is not None:
            still = _fit(still, *self.size)
        height, width = still[1].shape
        if min(height, width) <= 2 * self.margin:
            raise BadData(
                f"{pair.image} is {height}x{width} (height x width): nothing is left of it within "
                f"margin={self.margin}; use a smaller margin"
            )
        seed = (self.seed, zlib.crc32(f"{folder}/{pair.name}".encode()))
        matrices = self.path.homographies(height, width, self.length, self.label, seed)
        rows, columns = (slice(self.margin, end - self.margin) for end in (height, width))
        for index, matrix in enumerate(matrices):
            image, label = still if index == self.label else _warp(still, matrix)
            yield image[rows, columns], np.ascontiguousarray(label[rows, columns])


def _render(stills: Stills, source: tuple[str, ImagePair]) -> None:
    folder, pair = source
    labelled = None if stills.dense else {stills.label}
    pictures = stills.render(folder, pair)
    write_clip(stills.folder / folder, pair.name, pictures, stills.encoding, labelled)


def _warp(still: Picture, matrix: NDArray[np.float64]) -> Picture:
    image, label = still
    size = label.shape[1], label.shape[0]
    moved = cv2.warpPerspective(
        image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    labels = cv2.warpPerspective(
        label, matrix, size, flags=cv2.INTER_NEAREST, borderValue=(IGNORE,)
    )
    return np.asarray(moved, np.uint8), np.asarray(labels, np.uint8)


def _fit(still: Picture, height: int, width: int) -> Picture:
    """Scales the still until it just fits, and pads it at the right and bottom."""
    image, label = still
    factor = min(height / label.shape[0], width / label.shape[1])
    high, wide = (max(1, round(size * factor)) for size in label.shape)
    smooth = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    image = np.asarray(cv2.resize(image, (wide, high), interpolation=smooth), np.uint8)
    nearest = cv2.resize(label, (wide, high), interpolation=cv2.INTER_NEAREST_EXACT)
    below, right = height - high, width - wide
    label = np.pad(np.asarray(nearest, np.uint8), ((0, below), (0, right)), constant_values=IGNORE)
    return np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric"), label
