"""What a data set is: samples and classes; everything else is shared."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.labels import read_label
from bdnet.data.planned import PlannedVideos

log = logging.getLogger(__name__)

Split = Literal["train", "val", "test", "predict"]
VIDEOS = (".mp4", ".mkv", ".avi")


class Sample(NamedTuple):
    """A target frame of a video.

    label:     image of stored class values; None for an unlabelled frame
    originals: the images that the video was encoded from, by frame index; None where they are gone
    """

    video: Path
    target: int
    label: Path | None
    originals: Sequence[Path] | None = None


class ClipDataset(ABC):
    """A data set of clean streams: extend it by `classes` and `samples`, and `prepare` if needed.

    keyframe_cache: file that remembers the videos' keyframes; None where nothing may be written
    """

    classes: Classes
    keyframe_cache: Path | None = None

    def prepare(self) -> None:  # noqa: B027  # most data sets are ready as they are
        """Makes on disk what `samples` needs; once per machine, resumable, under a lock."""

    def planned_videos(self) -> PlannedVideos | None:
        """What the training videos will be, where that is known before `prepare`."""
        return None

    @abstractmethod
    def samples(self, split: Split) -> list[Sample]:
        """The target frames of a split, in a fixed order."""

    def read_label(self, path: Path) -> NDArray[np.uint8]:
        """Class numbers [H, W] of a label image, 255 for no class."""
        return read_label(path, self.classes)


@cache
def warn_once(message: str) -> None:
    """Logs what a user should know of a data set, the first time in this process."""
    log.warning(message)


def frame_number(path: Path) -> int:
    """123 for 000123.png."""
    if not path.stem.isdigit():
        raise BadData(f"{path}: a label is named by its frame's number, such as 000123.png")
    return int(path.stem)


def labelled_frames(folder: Path) -> dict[int, Path]:
    """The label images of one video, by frame index."""
    if not folder.is_dir():
        return {}
    return {frame_number(path): path for path in sorted(folder.glob("*.png"))}


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
    found = sorted(path for path in folder.iterdir() if path.suffix in VIDEOS)
    found = [path for path in found if not path.name.startswith(".")]
    if not found:
        raise BadData(
            f"{folder} holds no video ({', '.join(VIDEOS)}); make some: python -m bdnet.encode"
        )
    return found
