"""Small data sets of known content, as files."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from bdnet.codec import Encoding, VideoWriter
from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.data.classes import Classes
from bdnet.data.loading import Loader
from bdnet.data.module import ClipDataModule
from bdnet.types import Clip
from videos import Pan

HEIGHT, WIDTH = 48, 64
CLASSES = Classes(("left", "right"), ((200, 0, 0), (0, 0, 200)))
Picture = NDArray[np.uint8]


def picture(index: int = 0, height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> Picture:
    """Frame `index` of a scene that moves 2 pixels to the left each frame."""
    return Pan((2, 0), seed).picture(index, height, width)


def label(index: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Picture:
    """Class 1 right of a border that moves with the scene."""
    return np.tile(np.arange(width) >= width // 2 - 2 * index, (height, 1)).astype(np.uint8)


def write(path: Path, image: Picture) -> Path:
    """Writes an RGB image or a label image, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
    return path


def write_video(
    path: Path,
    frames: int = 8,
    interval: int = 12,
    size: tuple[int, int] = (HEIGHT, WIDTH),
    seed: int = 0,
) -> Path:
    """The frames `picture(0, *size, seed)` and so on as a clean stream."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, encoding=Encoding(interval=interval, crf=10)) as writer:
        for index in range(frames):
            writer.write(picture(index, *size, seed))
    return path


def read(path: Path) -> Picture:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None, path
    return image


def state(folder: Path) -> dict[Path, tuple[int, int]]:
    """Inode and modification time of all files; both change when a file is written again."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


class Numbered(ClipDataset):
    """Videos of 12 frames, whose labels are the frame numbers, with their original images.

    labelled: for each video, the labelled frames
    """

    classes = Classes(tuple(map(str, range(12))), ((0, 0, 0),) * 12)

    def __init__(
        self, root: Path, interval: int, labelled: Iterable[Iterable[int]] = (range(12),)
    ) -> None:
        images = [write(root / f"{index}.png", picture(index)) for index in range(12)]
        labels = [
            write(root / f"label-{index}.png", np.full((HEIGHT, WIDTH), index, np.uint8))
            for index in range(12)
        ]
        self.content = []
        for number, indices in enumerate(labelled):
            video = write_video(root / f"{number}.mp4", 12, interval)
            for index in range(12):
                path = labels[index] if index in indices else None
                self.content.append(Sample(video, index, path, images))

    def samples(self, split: Split) -> list[Sample]:  # noqa: ARG002
        return self.content


def batches(
    dataset: ClipDataset, split: Split, epochs: int = 1, **settings: object
) -> Iterator[Clip]:
    """The batches of two clips that the data module makes of a split, in this process."""
    module = ClipDataModule(dataset, **{"workers": 0, "batch_size": 2, **settings})
    module.prepare_data()
    loader = getattr(module, f"{split}_dataloader")()
    return _epochs(loader[0] if isinstance(loader, list) else loader, epochs)


def _epochs(loader: Loader, count: int) -> Iterator[Clip]:
    for epoch in range(count):
        if hasattr(loader.batch_sampler, "set_epoch"):
            loader.batch_sampler.set_epoch(epoch)
        yield from loader


def same(first: Any, second: Any) -> bool:
    """Whether two tensors, or nested containers of tensors and values, are equal bit for bit."""
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)
