"""Cityscapes: snippets of 30 frames at 1024x2048, of which one is labelled."""

import logging
from collections.abc import Collection
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

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
from bdnet.data.datasets.cityscapes_layout import (
    FRAMES,
    LABELLED,
    Snippet,
    check_layout,
    counts,
    snippets,
)
from bdnet.data.errors import BadData, check_whole
from bdnet.data.prepare import clip_path, digest, encode_all
from bdnet.system.locks import exclusive
from bdnet.types import IGNORE

log = logging.getLogger(__name__)

CLASSES = [  # by train id
    label for label in torchvision.datasets.Cityscapes.classes if label.train_id not in (-1, IGNORE)
]
VALUES = 34  # 0..33 are in labelIds; the licence plate, -1, is stored as 255


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
    keyframe_at_clips: that additional keyframe; without it all intervals share the same videos
    test:     split that is tested and predicted: val, or test, whose frames have no label, since
              theirs are not public
    """

    root: Path | str
    cache: Path | str
    encoding: Encoding
    test: Literal["val", "test"] = "val"
    fps: float = 17.0
    processes: int = 0
    keyframe_at_clips: bool = True

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
        other._start_clips_at(LABELLED + 1 - interval if self.keyframe_at_clips else 0)
        return other

    def _start_clips_at(self, frame: int) -> None:
        """Makes a frame a codec keyframe of the videos, which get a folder of their own."""
        self.keyframe = frame
        self.folder = Path(self.cache) / digest(self.encoding.facts(), self.fps, frame)
        self.keyframe_cache = self.folder / "keyframes.json"

    def prepare(self, splits: Collection[Split] = SPLITS) -> None:
        root, sources = Path(self.root), sorted(set(map(self.stored_split, splits)))
        try:
            missing = self._missing(sources)
        except BadData:  # labels are missing: perhaps not alone
            check_layout(root, sources)
            raise
        log.info("Cityscapes in %s: %s", root, counts(root, sources))
        if not missing:
            return
        check_layout(root, [source for source in sources if self._missing([source])])
        with exclusive(self.folder, wait=True):
            encode_all([self._job(snippet) for snippet in self._missing(sources)], self.processes)

    def samples(self, split: Split) -> list[Sample]:
        source = self.stored_split(split)
        if split == "test" and source == "val":
            warn_val_is_test("Cityscapes")
        samples = []
        for snippet in snippets(Path(self.root), source):
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

    def stored_split(self, split: Split) -> str:
        return self.test if split in ("test", "predict") else split

    def prediction_name(self, sample: Sample) -> str:
        return f"{sample.video.stem}_labelIds.png"  # as the evaluation server looks for it

    def _missing(self, sources: Collection[str]) -> list[Snippet]:
        return [
            snippet
            for source in sources
            for snippet in snippets(Path(self.root), source)
            if not self._video(snippet).is_file()
        ]
