"""A sample and an offset -> a Clip, out of the compressed video."""

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from bdnet.codec import VideoReader
from bdnet.codec.index import StreamIndex, read_index
from bdnet.codec.pixels import Image
from bdnet.codec.sources import read_rgb
from bdnet.data.base import ClipDataset, Sample
from bdnet.data.errors import BadData
from bdnet.data.sampler import Draw
from bdnet.data.transforms import JointTransform
from bdnet.errors import BdnetError
from bdnet.types import IGNORE, Clip, Frame, cells

PixelSource = Literal["decoded", "original"]
ClipImages = Literal["ends", "all"]


class Clips(Dataset[Clip]):
    """Reads the clips of some samples; opens each video where it is needed, and closes it.

    pixels: `decoded` frames of the video, or the `original` images that it was made from
    images: the two `ends` of a clip, or `all` the frames from its keyframe to its target
    """

    def __init__(
        self,
        dataset: ClipDataset,
        samples: list[Sample],
        interval: int,
        pixels: PixelSource = "decoded",
        images: ClipImages = "ends",
        transform: JointTransform | None = None,
    ) -> None:
        self.dataset, self.samples, self.interval = dataset, samples, interval
        self.pixels, self.images, self.transform = pixels, images, transform
        self._indices: dict[str, StreamIndex] = {}

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, draw: Draw) -> Clip:
        try:
            return self._read(draw)
        except BdnetError as error:
            raise BadData(f"{error} (wanted for {self.name(draw)})") from error

    def name(self, draw: Draw) -> str:
        """What a draw is of, for people."""
        sample = self.samples[draw.sample]
        return f"{sample.video} frame {sample.target} (offset {draw.offset})"

    def _read(self, draw: Draw) -> Clip:
        sample = self.samples[draw.sample]
        all_of_them = range(max(2, self.interval) - 1, -1, -1)
        backs = all_of_them if self.images == "all" else (draw.offset, 0)
        chosen = [sample.target - min(back, draw.offset) for back in backs]
        frames = self._frames(sample, draw.offset, chosen)
        images = self._images(sample, frames, chosen)
        height, width = images[0].shape[:2]
        motion, valid = _stack(sample, frames[1:], self.interval - 1, height, width)
        labels = self._labels(sample, height, width)
        if self.transform is not None:
            images, labels, motion, valid = self.transform(images, labels, motion, valid, draw.seed)
        return Clip(
            torch.from_numpy(np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))),
            torch.from_numpy(motion),
            torch.from_numpy(valid),
            torch.from_numpy(labels.astype(np.int64)),
            torch.tensor(draw.offset),
        ).checked()

    def _frames(self, sample: Sample, offset: int, chosen: list[int]) -> list[Frame]:
        path = str(sample.video)
        wanted = set(chosen) if self.pixels == "decoded" else set()
        if path not in self._indices:
            self._indices[path] = read_index(path)
        with VideoReader(path, wanted, threads=1, index=self._indices[path]) as reader:
            return reader.clip(sample.target, offset)

    def _images(self, sample: Sample, frames: list[Frame], chosen: list[int]) -> list[Image]:
        if self.pixels == "original":
            read = {index: _read_original(sample, index) for index in set(chosen)}
        else:
            read = {frame.index: frame.image for frame in frames if frame.image is not None}
        return [read[index] for index in chosen]

    def _labels(self, sample: Sample, height: int, width: int) -> Image:
        return labels_of(self.dataset, sample, height, width)


def labels_of(dataset: ClipDataset, sample: Sample, height: int, width: int) -> Image:
    """Class numbers [height, width] of a target; 255 everywhere without a label."""
    if sample.label is None:
        return np.full((height, width), IGNORE, np.uint8)
    labels = dataset.read_label(sample.label)
    if labels.shape != (height, width):
        raise BadData(
            f"{sample.label} is {labels.shape[0]}x{labels.shape[1]} (height x width), and frame "
            f"{sample.target} of {sample.video} is {height}x{width}; encode the video, or store "
            "the label, at the other's size"
        )
    return labels


def _stack(
    sample: Sample, frames: list[Frame], steps: int, height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The steps' fields, oldest first, after zero fields for the steps before the keyframe."""
    motion = np.zeros((steps, 2, cells(height), cells(width)), np.float32)
    valid = np.ones((steps, cells(height), cells(width)), np.bool_)
    for place, frame in enumerate(frames, steps - len(frames)):
        if frame.motion is None or frame.valid is None:
            raise BadData(
                f"{sample.video}: frame {frame.index} is an intra frame between the keyframe and "
                f"the target {sample.target}; encode the video with a longer interval "
                "(python -m bdnet.encode), or say keyframes=codec"
            )
        motion[place], valid[place] = frame.motion, frame.valid
    return motion, valid


def _read_original(sample: Sample, index: int) -> Image:
    if sample.originals is None:
        raise BadData(
            f"{sample.video}: pixels=original, but the images that it was made from are not kept; "
            "say pixels=decoded"
        )
    path = sample.originals[index]
    image = read_rgb(path)
    if image is None:
        raise BadData(f"{path}: missing, or not an image that OpenCV can read; replace it")
    return image
