"""Cityscapes: snippets of 30 frames at 1024x2048, of which one is labelled."""

import re
from collections.abc import Collection
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Self

import torchvision  # type: ignore[import-untyped]

from bdnet.codec import Encoding
from bdnet.codec.sources import Source
from bdnet.codec.transcode import TranscodeJob
from bdnet.data.base import (
    SPLITS,
    ClipDataset,
    Sample,
    Split,
    all_frames,
    prepared,
    warn_val_is_test,
)
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData, check_whole
from bdnet.data.prepare import clip_path, digest, encode_all
from bdnet.system.locks import exclusive
from bdnet.types import IGNORE

FRAMES, LABELLED = 30, 19  # of a snippet
LABEL_NAME = re.compile(r"(.+)_(\d{6})_(\d{6})_gtFine_labelIds")
SEQUENCES, LABELS = "leftImg8bit_sequence_trainvaltest.zip", "gtFine_trainvaltest.zip"
SOURCE = "of https://www.cityscapes-dataset.com"

CLASSES = [  # by train id
    label for label in torchvision.datasets.Cityscapes.classes if label.train_id not in (-1, IGNORE)
]
VALUES = 34  # 0..33 are in labelIds; the licence plate, -1, is stored as 255


class Snippet(NamedTuple):
    """A labelled frame and the 29 frames around it."""

    split: str
    city: str
    sequence: str
    frame: int  # number of the labelled one
    label: Path

    @property
    def name(self) -> str:
        return f"{self.city}_{self.sequence}_{self.frame:06d}"

    def images(self, root: Path) -> tuple[Path, ...]:
        folder = root / "leftImg8bit_sequence" / self.split / self.city
        first = self.frame - LABELLED
        return tuple(
            folder / f"{self.city}_{self.sequence}_{number:06d}_leftImg8bit.png"
            for number in range(first, first + FRAMES)
        )


@dataclass(eq=False)
class Cityscapes(ClipDataset):
    """The official layout, each snippet encoded on first use.

        root/gtFine/SPLIT/CITY/CITY_SEQUENCE_FRAME_gtFine_labelIds.png
        root/leftImg8bit_sequence/SPLIT/CITY/CITY_SEQUENCE_FRAME_leftImg8bit.png

    The labelled frame is number 19 of 0..29. The images are not needed once the videos are made,
    unless pixels are to be `original`.

    cache:    folder for the videos; each encoding gets its own folder in it
    encoding: of the videos, with one more codec keyframe: the first frame that clips need, so that
              reading one decodes no frame before it
    test:     split that is tested and predicted: val, or test, whose frames have no label, since
              theirs are not public
    """

    root: Path | str
    cache: Path | str
    encoding: Encoding
    test: Literal["val", "test"] = "val"
    fps: float = 17.0
    processes: int = 0

    def __post_init__(self) -> None:
        if self.test not in ("val", "test"):
            raise BadData(f"test={self.test}: use val, or test (without labels)")
        check_whole(0, processes=self.processes)
        values = dict.fromkeys(range(VALUES), IGNORE)
        values |= {label.id: label.train_id for label in CLASSES}
        names, colours = zip(*((label.name, label.color) for label in CLASSES), strict=True)
        self.classes = Classes(names, colours, tuple(values.items()))
        self._start_clips_at(0)

    def for_interval(self, interval: int) -> Self:
        if interval > LABELLED + 1:
            raise BadData(
                f"interval={interval}: a snippet has {LABELLED} frames before its labelled one; "
                f"use at most {LABELLED + 1}"
            )
        other = copy(self)
        other._start_clips_at(LABELLED + 1 - interval)
        return other

    def _start_clips_at(self, frame: int) -> None:
        """Makes a frame a codec keyframe of the videos, which get a folder of their own."""
        self.keyframe = frame
        self.folder = Path(self.cache) / digest(self.encoding.facts(), self.fps, frame)
        self.keyframe_cache = self.folder / "keyframes.json"

    def prepare(self, splits: Collection[Split] = SPLITS) -> None:
        if not self._missing(splits):
            return
        with exclusive(self.folder, wait=True):
            snippets = self._missing(splits)
            self._check_images(snippets)
            encode_all([self._job(snippet) for snippet in snippets], self.processes)

    def samples(self, split: Split) -> list[Sample]:
        source = self._source(split)
        if split == "test" and source == "val":
            warn_val_is_test("Cityscapes")
        samples = []
        for snippet in self._snippets(source):
            video = prepared(self._video(snippet))
            originals = snippet.images(Path(self.root))
            if split == "predict":
                samples += all_frames(video, FRAMES, originals)
            else:
                label = snippet.label if source != "test" else None
                samples.append(Sample(video, LABELLED, label, originals))
        return samples

    def _video(self, snippet: Snippet) -> Path:
        return clip_path(self.folder / snippet.split, snippet.name)

    def _job(self, snippet: Snippet) -> TranscodeJob:
        source = Source(Path(snippet.name), snippet.images(Path(self.root)), is_video=False)
        return TranscodeJob(
            source, self._video(snippet), self.encoding, self.fps, keyframes=(self.keyframe,)
        )

    def _snippets(self, split: str) -> list[Snippet]:
        """One for each label file; those of test are dummies, but named as the others."""
        folder = Path(self.root) / "gtFine" / split
        if not folder.is_dir():
            raise BadData(f"{folder} is missing; unpack {LABELS} {SOURCE} into {self.root}")
        snippets = []
        for path in sorted(folder.glob("*/*_gtFine_labelIds.png")):
            name = LABEL_NAME.fullmatch(path.stem)
            if name is None or int(name[3]) < LABELLED:
                raise BadData(
                    f"{path}: not named CITY_SEQUENCE_FRAME_gtFine_labelIds.png, with a frame from "
                    f"{LABELLED:06d}; unpack {LABELS} again"
                )
            snippets.append(Snippet(split, path.parent.name, name[2], int(name[3]), path))
        if not snippets:
            raise BadData(f"{folder} holds no CITY/*_gtFine_labelIds.png; unpack {LABELS} again")
        return snippets

    def _source(self, split: Split) -> str:
        """The official split that stands for one of ours."""
        return self.test if split in ("test", "predict") else split

    def _missing(self, splits: Collection[Split]) -> list[Snippet]:
        return [
            snippet
            for source in sorted(set(map(self._source, splits)))
            for snippet in self._snippets(source)
            if not self._video(snippet).is_file()
        ]

    def _check_images(self, snippets: list[Snippet]) -> None:
        root = Path(self.root)
        images = [path for snippet in snippets for path in snippet.images(root)]
        folders = dict.fromkeys(path.parent for path in images)
        for folder in (root / "leftImg8bit_sequence", *folders):
            if not folder.is_dir():
                raise BadData(f"{folder} is missing; unpack {SEQUENCES} {SOURCE} into {root}")
        present = {path for folder in folders for path in folder.iterdir()}
        missing = [path for path in images if path not in present]
        if missing:
            raise BadData(
                f"{missing[0]} is missing, the first of {len(missing)} of {len(images)} frames; "
                f"unpack {SEQUENCES} again"
            )
