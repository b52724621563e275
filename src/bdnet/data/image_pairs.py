"""Images and their labels, in two folders, paired by name."""

import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bdnet.codec.sources import IMAGES
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.labels import read_label

LABELS = {".png", ".bmp", ".tif", ".tiff"}  # what keeps values as they are
SPLITS = ("train", "val", "test")
MANY = 50  # problems that are worth reading at once


class Pair(NamedTuple):
    """An image and its label image; both have the name, before their endings."""

    name: str
    image: Path
    label: Path

    def read(self, classes: Classes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """RGB [H, W, 3], and class numbers [H, W]."""
        # a label was drawn on the pixels as they are stored, whatever a camera says of upright
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            found = cv2.imread(str(self.image), flags)
        except cv2.error:  # a damaged header that promises an absurd size
            found = None
        if found is None:
            raise BadData(f"{self.image}: not an image that OpenCV can read; replace it")
        image = np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)
        label = read_label(self.label, classes)
        if image.shape[:2] != label.shape:
            raise BadData(
                f"{self.label} is {label.shape[0]}x{label.shape[1]} (height x width), and "
                f"{self.image} is {image.shape[0]}x{image.shape[1]}; store both at one size"
            )
        return image, label


@dataclass(frozen=True)
class PairFolders:
    """Folders of images and of labels by split, and files that list names; None: no such split."""

    root: Path
    images: Mapping[str, str | None]
    labels: Mapping[str, str | None]
    lists: Mapping[str, str | None]

    def __post_init__(self) -> None:
        named = [
            {split for split, place in places.items() if place}
            for places in (self.images, self.labels, self.lists or self.images)
        ]
        if not {"train"} <= named[0] <= set(SPLITS) or not named[0] == named[1] == named[2]:
            raise BadData(
                f"images={self.images}, labels={self.labels}, lists={self.lists or None}: each "
                "names train and, if there are any, val and test"
            )

    @property
    def splits(self) -> list[str]:
        return [split for split in SPLITS if self.images.get(split)]

    def pairs(self, split: str) -> list[Pair]:
        names = self.lists.get(split)
        return find_pairs(
            self.root / str(self.images[split]),
            self.root / str(self.labels[split]),
            self.root / names if names else None,
        )


def find_pairs(images: Path, labels: Path, names: Path | None = None) -> list[Pair]:
    """All pairs of two folders, or those whose names a text file lists, sorted by name."""
    pictures, maps = by_name(images, IMAGES), by_name(labels, LABELS)
    wanted = sorted(pictures.keys() | maps.keys()) if names is None else _listed(names)
    remedy = "add them, or remove the others' files" if names is None else f"or correct {names}"
    if lacking := [name for name in wanted if name not in pictures]:
        raise BadData(
            f"{images}: {len(lacking)} of {len(wanted)} images are missing: {_some(lacking)}; "
            f"their labels would be in {labels}; {remedy}"
        )
    if lacking := [name for name in wanted if name not in maps]:
        raise BadData(
            f"{labels}: {len(lacking)} of {len(wanted)} labels are missing: {_some(lacking)}; "
            f"their images are in {images}; {remedy}"
        )
    return [Pair(name, pictures[name], maps[name]) for name in wanted]


def check_pairs(pairs: list[Pair], classes: Classes) -> None:
    """Reads every file, and names all those that are wrong at once."""

    def attempt(pair: Pair) -> str:
        try:
            pair.read(classes)
        except BadData as error:
            return str(error)
        return ""

    with ThreadPoolExecutor() as pool:
        found = tqdm(pool.map(attempt, pairs), "check stills", len(pairs), unit="still")
        problems = [problem for problem in found if problem]
    if problems:
        more = f"\n... and {len(problems) - MANY} more" if len(problems) > MANY else ""
        raise BadData("\n".join(problems[:MANY]) + more)


def hold_out(pairs: list[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Those that are left, and a share that is held out; most keep their place when others come."""
    drawn = sorted(pairs, key=lambda pair: zlib.crc32(f"{seed} {pair.name}".encode()))
    held = set(drawn[: max(1, round(share * len(pairs)))])
    return [pair for pair in pairs if pair not in held], [pair for pair in pairs if pair in held]


def last_of_each(pairs: list[Pair], share: float) -> list[Pair]:
    """The last share of each sequence, of pictures named SEQUENCE_NUMBER, in order.

    Neighbours in time show the same things: drawn at random, each would have one on either side.
    """
    sequences: dict[str, list[Pair]] = {}
    for pair in pairs:
        sequences.setdefault(pair.name.rpartition("_")[0], []).append(pair)
    return [
        pair
        for each in sequences.values()
        for pair in each[len(each) - max(1, round(share * len(each))) :]
    ]


def by_name(folder: Path, endings: Iterable[str]) -> dict[str, Path]:
    """The files of a folder with one of these endings, by name without it."""
    if not folder.is_dir():
        raise BadData(f"{folder} is missing; put the files there, or say where they are")
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in endings or path.name.startswith("."):
            continue
        if path.stem in files:
            raise BadData(f"{path} and {files[path.stem]} have the same name; remove one")
        files[path.stem] = path
    if not files:
        raise BadData(f"{folder} holds no image ({', '.join(sorted(endings))}); put them there")
    return files


def _listed(path: Path) -> list[str]:
    """Names in a text file: the first word of each line, without folders and ending."""
    if not path.is_file():
        raise BadData(f"{path} is missing; it lists the images of a split, one name a line")
    words = [line.split()[0] for line in path.read_text().splitlines() if line.strip()]
    endings = IMAGES | LABELS
    found = [Path(word).stem if Path(word).suffix.lower() in endings else word for word in words]
    if not found:
        raise BadData(f"{path} lists no image; write one name a line")
    return sorted({Path(name).name for name in found})


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
