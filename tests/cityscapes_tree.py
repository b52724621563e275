"""Rendered streets as files of Cityscapes' official layout, names and label ids.

python tests/cityscapes_tree.py FOLDER --snippets 1 --splits train val test
"""

from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.data.streets import StreetParameters, render

FRAMES, LABELLED = 30, 19
# by class of the street world: sky building pole road pavement tree sign fence car person rider
LABEL_IDS = np.array([23, 11, 17, 7, 8, 21, 20, 13, 26, 24, 25], np.uint8)
CITIES = {
    "train": ("aachen", "bochum", "bremen"),
    "val": ("frankfurt", "lindau", "munster"),
    "test": ("berlin", "bielefeld", "bonn"),
}
Picture = NDArray[Any]


def write_tree(
    root: Path,
    splits: tuple[str, ...] = ("train", "val"),
    snippets: int = 1,
    height: int = 1024,
    width: int = 2048,
) -> Path:
    """Three cities in each split, each with so many snippets."""
    with ThreadPoolExecutor() as pool:
        works = []
        for number, (split, city, sequence) in enumerate(_snippets(splits, snippets)):
            parameters = StreetParameters(height, width, FRAMES)
            for frame, (image, label) in enumerate(render(parameters, number)):
                path = _image(root, split, city, sequence, frame)
                works.append(pool.submit(_write, path, image[..., ::-1]))
                if frame == LABELLED:
                    path = _label(root, split, city, sequence)
                    works.append(pool.submit(_write, path, LABEL_IDS[label]))
        for work in works:
            work.result()  # raises its error
    return root


def _snippets(splits: tuple[str, ...], count: int) -> Iterator[tuple[str, str, int]]:
    for split in splits:
        for city in CITIES[split]:
            for sequence in range(count):
                yield split, city, sequence


def _image(root: Path, split: str, city: str, sequence: int, frame: int) -> Path:
    name = f"{city}_{sequence:06d}_{frame:06d}_leftImg8bit.png"
    return root / "leftImg8bit_sequence" / split / city / name


def _label(root: Path, split: str, city: str, sequence: int) -> Path:
    name = f"{city}_{sequence:06d}_{LABELLED:06d}_gtFine_labelIds.png"
    return root / "gtFine" / split / city / name


def _write(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.ascontiguousarray(picture))


if __name__ == "__main__":
    parser = ArgumentParser(description="Writes three cities per split, at 2048x1024.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--snippets", type=int, default=1, help="of each city")
    parser.add_argument("--splits", nargs="+", choices=CITIES, default=["train", "val"])
    arguments = parser.parse_args()
    print(write_tree(arguments.folder, arguments.splits, arguments.snippets))
