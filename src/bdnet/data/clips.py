"""Reads clips, each given by a sample and an offset, from compressed videos."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
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
from bdnet.types import Clip, Frame, cells

PixelSource = Literal["decoded", "original"]
ClipImages = Literal["ends", "all"]


class Clips(Dataset[Clip]):
    """The clips of some samples; a video is open only while one of its clips is read.

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
        self._streams: dict[str, StreamIndex] = {}
        if pixels == "original":
            _check_originals(samples)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, draw: Draw) -> Clip:
        try:
            return self._read(draw)
        except BdnetError as error:
            raise BadData(f"{error} (needed for {self.name(draw)})") from error

    def name(self, draw: Draw) -> str:
        """A draw's video, frame and offset, for messages."""
        sample = self.samples[draw.sample]
        return f"{sample.video} frame {sample.target} (offset {draw.offset})"

    def decode(self, draw: Draw) -> list[Frame]:
        """The frames of a draw, as the video has them."""
        return self._frames(self.samples[draw.sample], draw.offset, self._indices(draw))

    def _indices(self, draw: Draw) -> list[int]:
        """The frames that a clip has images of; the keyframe's again where there are fewer."""
        all_distances = range(max(2, self.interval) - 1, -1, -1)
        distances = all_distances if self.images == "all" else (draw.offset, 0)
        target = self.samples[draw.sample].target
        return [target - min(distance, draw.offset) for distance in distances]

    def _read(self, draw: Draw) -> Clip:
        sample, indices = self.samples[draw.sample], self._indices(draw)
        frames = self._frames(sample, draw.offset, indices)
        images = self._images(sample, frames, indices)
        height, width = images[0].shape[:2]
        motion, valid = _stack_fields(sample, frames[1:], self.interval - 1, height, width)
        labels = self._labels(sample, height, width)
        if self.transform is not None:
            images, labels, motion, valid = self.transform(images, labels, motion, valid, draw.seed)
        return Clip(
            stack_images(images),
            torch.from_numpy(motion),
            torch.from_numpy(valid),
            torch.from_numpy(labels.astype(np.int64)),
            torch.tensor(draw.offset),
        ).checked()

    def _frames(self, sample: Sample, offset: int, indices: list[int]) -> list[Frame]:
        """The frames from the keyframe to the target, those of `indices` with pixels."""
        if sample.is_still:
            return []
        path = str(sample.video)
        decoded = set(indices) if self.pixels == "decoded" else set()
        if path not in self._streams:
            self._streams[path] = read_index(path)
        with VideoReader(path, decoded, threads=1, index=self._streams[path]) as reader:
            return reader.clip(sample.target, offset)

    def _images(self, sample: Sample, frames: list[Frame], indices: list[int]) -> list[Image]:
        if self.pixels == "original" or sample.is_still:
            images = {index: _read_original(sample, index) for index in set(indices)}
        else:
            images = {frame.index: frame.image for frame in frames if frame.image is not None}
        return [images[index] for index in indices]

    def _labels(self, sample: Sample, height: int, width: int) -> Image:
        return self.dataset.labels_of(sample, height, width)


def stack_images(images: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Images [H, W, 3] -> [n, 3, H, W]."""
    return torch.from_numpy(np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2)))


def _stack_fields(
    sample: Sample, frames: list[Frame], steps: int, height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The steps' fields, oldest first, after zero fields for the steps before the keyframe."""
    motion = np.zeros((steps, 2, cells(height), cells(width)), np.float32)
    valid = np.ones((steps, cells(height), cells(width)), np.bool_)
    for step, frame in enumerate(frames, steps - len(frames)):
        if frame.motion is None or frame.valid is None:
            raise BadData(
                f"{sample.video}: frame {frame.index} is an intra frame between the keyframe and "
                f"the target {sample.target}; encode the video with a longer interval "
                "(python -m bdnet.encode), or use keyframes=codec"
            )
        motion[step], valid[step] = frame.motion, frame.valid
    return motion, valid


def _check_originals(samples: Sequence[Sample]) -> None:
    """Refuses samples whose videos were made from images that are not kept."""
    for sample in samples:
        if sample.originals is None and not sample.is_still:
            raise BadData(
                f"{sample.video}: pixels=original, but the images that it was made from are not "
                "kept; use pixels=decoded"
            )


def _read_original(sample: Sample, index: int) -> Image:
    assert sample.originals is not None  # checked before
    path = sample.originals[index]
    image = read_rgb(path)
    if image is None:
        raise BadData(f"{path}: missing, or not an image that OpenCV can read; replace it")
    return image


def size_of(sample: Sample) -> tuple[int, int]:
    """Height and width of its frames."""
    if sample.is_still:
        height, width, _ = _read_original(sample, 0).shape
        return height, width
    with VideoReader(sample.video, "none", threads=1) as reader:
        return reader.height, reader.width
