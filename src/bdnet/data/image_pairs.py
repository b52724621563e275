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

from bdnet.codec.finding import IMAGES
from bdnet.codec.limits import check_image
from bdnet.data.base import SPLITS
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.labels import read_label

LABELS = {".png", ".bmp", ".tif", ".tiff"}  # formats that keep values as they are
MANY = 50  # problems listed in one error


class ImagePair(NamedTuple):
    """An image and its label image, whose files are both called `name`, without the ending."""

    name: str
    image: Path
    label: Path

    def read(self, classes: Classes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """RGB [H, W, 3], and class numbers [H, W]."""
        # labels are drawn on the pixels as they are stored, whatever the EXIF orientation
        check_image(self.image)
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        try:
            image = cv2.imread(str(self.image), flags)
        except cv2.error:  # a damaged header that promises an absurd size
            image = None
        if image is None:
            raise BadData(f"{self.image}: not an image that OpenCV can read; replace it")
        label = read_label(self.label, classes)
        if image.shape[:2] != label.shape:
            raise BadData(
                f"{self.label} is {label.shape[0]}x{label.shape[1]} (height x width), and "
                f"{self.image} is {image.shape[0]}x{image.shape[1]}; store both at one size"
            )
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), label


@dataclass(frozen=True)
class PairFolders:
    """Folders of images and of labels by split, and files that list names; None: no such split."""

    root: Path
    images: Mapping[str, str | None]
    labels: Mapping[str, str | None]
    lists: Mapping[str, str | None]

    def __post_init__(self) -> None:
        images, labels, lists = (
            {split for split, path in paths.items() if path}
            for paths in (self.images, self.labels, self.lists or self.images)
        )
        if not images or not images <= set(SPLITS) or not images == labels == lists:
            raise BadData(
                f"images={self.images}, labels={self.labels}, lists={self.lists or None}: each "
                "names the same of train, val and test"
            )

    @property
    def splits(self) -> list[str]:
        return [split for split in SPLITS if self.images.get(split)]

    def pairs(self, split: str) -> list[ImagePair]:
        names = self.lists.get(split)
        return find_pairs(
            self.root / str(self.images[split]),
            self.root / str(self.labels[split]),
            self.root / names if names else None,
        )


def find_pairs(images: Path, labels: Path, names: Path | None = None) -> list[ImagePair]:
    """All pairs of two folders, or those whose names a text file lists, sorted by name."""
    pictures, maps = _files_by_stem(images, IMAGES), _files_by_stem(labels, LABELS)
    wanted = sorted(pictures.keys() | maps.keys()) if names is None else _read_names(names)
    for folder, kind, files, partners in (
        (images, "images", pictures, f"labels in {labels}"),
        (labels, "labels", maps, f"images in {images}"),
    ):
        if missing := [name for name in wanted if name not in files]:
            remedy = f"remove their {partners}" if names is None else f"correct {names}"
            examples = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            raise BadData(
                f"{folder}: {len(missing)} of {len(wanted)} {kind} are missing: {examples}; "
                f"add them, or {remedy}"
            )
    return [ImagePair(name, pictures[name], maps[name]) for name in wanted]


def check_pairs(pairs: list[ImagePair], classes: Classes) -> None:
    """Reads every file, and names all those that are wrong at once."""

    def problem_of(pair: ImagePair) -> str:
        try:
            pair.read(classes)
        except BadData as error:
            return str(error)
        return ""

    with ThreadPoolExecutor() as pool:
        results = tqdm(pool.map(problem_of, pairs), "check stills", len(pairs), unit="still")
        problems = [problem for problem in results if problem]
    if problems:
        more = f"\n... and {len(problems) - MANY} more" if len(problems) > MANY else ""
        raise BadData("\n".join(problems[:MANY]) + more)


def hold_out(
    pairs: list[ImagePair], share: float, seed: int
) -> tuple[list[ImagePair], list[ImagePair]]:
    """The pairs to train with, and the held-out share; new pairs move few of the old ones."""
    drawn = sorted(pairs, key=lambda pair: zlib.crc32(f"{seed} {pair.name}".encode()))
    held = set(drawn[: max(1, round(share * len(pairs)))])
    return [pair for pair in pairs if pair not in held], [pair for pair in pairs if pair in held]


def last_of_sequences(pairs: list[ImagePair], share: float) -> list[ImagePair]:
    """The last share of each sequence, of pictures named SEQUENCE_NUMBER, in order.

    Neighbours in time look alike: drawn at random, most held-out ones would have one in training.
    """
    sequences: dict[str, list[ImagePair]] = {}
    for pair in pairs:
        sequences.setdefault(pair.name.rpartition("_")[0], []).append(pair)
    counts = {name: max(1, round(share * len(pairs))) for name, pairs in sequences.items()}
    return [pair for name, pairs in sequences.items() for pair in pairs[-counts[name] :]]


def _files_by_stem(folder: Path, endings: Iterable[str]) -> dict[str, Path]:
    """The files of a folder with one of these endings, by name without it."""
    if not folder.is_dir():
        raise BadData(f"{folder} is missing; put the files there, or give their path")
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


def _read_names(path: Path) -> list[str]:
    """Names in a text file: the first word of each line, without folders and ending."""
    if not path.is_file():
        raise BadData(f"{path} is missing; it lists the images of a split, one name a line")
    words = [line.split()[0] for line in path.read_text().splitlines() if line.strip()]
    if not words:
        raise BadData(f"{path} lists no image; write one name a line")
    endings = IMAGES | LABELS
    names = (Path(word) for word in words)
    return sorted({path.stem if path.suffix.lower() in endings else path.name for path in names})
