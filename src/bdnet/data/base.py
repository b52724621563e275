"""The base class of data sets: a subclass has samples and classes, all else is shared."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bdnet.codec.finding import IMAGES
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.labels import read_label
from bdnet.types import IGNORE

log = logging.getLogger(__name__)

Split = Literal["train", "val", "test", "predict"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")  # those with labels
VIDEOS = (".mp4", ".mkv", ".avi")


class Sample(NamedTuple):
    """A target frame of a video; or a still image, whose path stands for the video's.

    label:     image of stored class values; None for an unlabelled frame
    originals: the images that the video was encoded from, by frame index; None where they are gone
    """

    video: Path
    target: int
    label: Path | None
    originals: Sequence[Path] | None = None

    @property
    def is_still(self) -> bool:
        return self.video.suffix.lower() in IMAGES


class PlannedVideos(NamedTuple):
    """The training videos that `prepare` will make, all alike; every frame has a label."""

    videos: int
    frames: int
    keyframe_interval: int  # of the codec
    height: int
    width: int


class ClipDataset(ABC):
    """A data set of clean streams: extend it by `classes` and `samples`, and `prepare` if needed.

    keyframe_cache: file that remembers the videos' keyframes; None where nothing may be written
    """

    classes: Classes
    keyframe_cache: Path | None = None

    def prepare(self, splits: Collection[Split] = SPLITS) -> None:  # noqa: B027  # most are ready
        """Writes the files of these splits' samples; once per machine, resumable, under a lock."""

    def for_interval(self, interval: int) -> Self:  # noqa: ARG002
        """The data set for clips of offsets 0..interval-1, for one whose videos depend on it."""
        return self

    def planned_videos(self) -> PlannedVideos | None:
        """The training videos, where they are known before `prepare` has made them."""
        return None

    def stored_split(self, split: Split) -> str:
        """The split whose frames `samples` gives for this one: val, where there is no test."""
        return split

    def prediction_name(self, sample: Sample) -> str:
        """Name of the file of a target's predicted labels."""
        return f"{sample.video.stem}_{sample.target:06d}.png"

    @abstractmethod
    def samples(self, split: Split) -> list[Sample]:
        """The target frames of a split, in a fixed order."""

    def read_label(self, path: Path) -> NDArray[np.uint8]:
        """Class numbers [H, W] of a label image, 255 for no class."""
        return read_label(path, self.classes)

    def labels_of(self, sample: Sample, height: int, width: int) -> NDArray[np.uint8]:
        """Class numbers [height, width] of a target; 255 everywhere without a label."""
        if sample.label is None:
            return np.full((height, width), IGNORE, np.uint8)
        labels = self.read_label(sample.label)
        if labels.shape != (height, width):
            raise BadData(
                f"{sample.label} is {labels.shape[0]}x{labels.shape[1]} (height x width), and "
                f"frame {sample.target} of {sample.video} is {height}x{width}; encode the video, "
                "or store the label, at the size of the other"
            )
        return labels


@cache
def warn_once(message: str) -> None:
    """Logs a warning, the first time in this process."""
    log.warning(message)


def warn_val_is_test(dataset: object) -> None:
    warn_once(f"{dataset}: no test split with labels; val is used for it")


def prepared(video: Path) -> Path:
    """The same path, if `prepare` has made the video."""
    if not video.is_file():
        raise BadData(f"{video} is not made yet; prepare_data() of the data module does it")
    return video


def all_frames(video: Path, count: int, originals: Sequence[Path] | None = None) -> list[Sample]:
    """Every frame of a video, without labels."""
    return [Sample(video, index, None, originals) for index in range(count)]


def labelled_frames(folder: Path) -> dict[int, Path]:
    """The label images 000123.png of one video, by frame index."""
    labels: dict[int, Path] = {}
    for path in sorted(folder.glob("[!.]*.png")):
        if not (path.stem.isascii() and path.stem.isdigit()):
            raise BadData(f"{path}: a label is named by its frame's number, such as 000123.png")
        earlier = labels.setdefault(int(path.stem), path)
        if earlier != path:
            raise BadData(f"{path} and {earlier.name}: two labels of one frame; remove one")
    return labels


def folder_samples(root: Path) -> list[Sample]:
    """The labelled frames below root/videos/NAME.mp4 and root/labels/NAME/000123.png."""
    return [
        Sample(video, index, label)
        for video in videos_in(root)
        for index, label in labelled_frames(root / "labels" / video.stem).items()
    ]


def videos_in(root: Path) -> list[Path]:
    folder = root / "videos"
    if not folder.is_dir():
        raise BadData(f"{folder} is missing; put the clean streams there (python -m bdnet.encode)")
    videos = sorted(path for path in folder.iterdir() if is_video(path.name))
    if not videos:
        raise BadData(
            f"{folder} holds no video ({', '.join(VIDEOS)}); make some: python -m bdnet.encode"
        )
    return videos


def is_video(name: str) -> bool:
    """Whether it is the name of a video; hidden files are unfinished copies."""
    return name.endswith(VIDEOS) and not name.startswith(".")
