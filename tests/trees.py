"""Small data sets of known content, as files."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.codec import Encoding, VideoWriter
from bdnet.data.base import ClipDataset, Split
from bdnet.data.classes import Classes
from bdnet.data.module import ClipDataModule
from bdnet.types import Clip
from videos import Pan

HEIGHT, WIDTH = 48, 64
CLASSES = Classes(("left", "right"), ((200, 0, 0), (0, 0, 200)))
Picture = NDArray[np.uint8]


def picture(index: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Picture:
    """Frame `index` of a scene that moves 2 pixels to the left each frame."""
    return Pan((2, 0)).picture(index, height, width)


def label(index: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Picture:
    """Class 1 right of a border that moves with the scene."""
    return np.tile(np.arange(width) >= width // 2 - 2 * index, (height, 1)).astype(np.uint8)


def write(path: Path, image: Picture) -> Path:
    """Writes an RGB image or a label image, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
    return path


def write_video(path: Path, frames: int = 8, interval: int = 12) -> Path:
    with VideoWriter(path, encoding=Encoding(interval=interval, crf=10)) as writer:
        for index in range(frames):
            writer.write(picture(index))
    return path


def read(path: Path) -> Picture:
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None, path
    return found


def state(folder: Path) -> dict[Path, tuple[int, int]]:
    """File number and time of change of every file; a file written again has others."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def batches(dataset: ClipDataset, split: Split, **settings: object) -> Iterator[Clip]:
    """The batches of two clips that the data module makes of a split, in this process."""
    module = ClipDataModule(dataset, **{"workers": 0, "batch_size": 2, **settings})
    module.prepare_data()
    found = getattr(module, f"{split}_dataloader")()
    return iter(found[0] if isinstance(found, list) else found)
