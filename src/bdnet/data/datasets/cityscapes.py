"""Cityscapes: snippets of 30 frames at 1024x2048, of which one is labelled."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from bdnet.codec import Encoding
from bdnet.codec.sources import Source
from bdnet.codec.transcode import TranscodeJob, transcode_all
from bdnet.data.base import ClipDataset, Sample, Split, warn_once
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.prepare import clip_path, digest, exclusive
from bdnet.types import IGNORE

FRAMES, LABELLED = 30, 19  # of a snippet
LABEL_NAME = re.compile(r"(.+)_(\d{6})_(\d{6})_gtFine_labelIds")
SEQUENCES, LABELS = "leftImg8bit_sequence_trainvaltest.zip", "gtFine_trainvaltest.zip"
SOURCE = "of https://www.cityscapes-dataset.com"

CLASSES = (  # train id = place; value in labelIds, name, colour
    (7, "road", (128, 64, 128)),
    (8, "sidewalk", (244, 35, 232)),
    (11, "building", (70, 70, 70)),
    (12, "wall", (102, 102, 156)),
    (13, "fence", (190, 153, 153)),
    (17, "pole", (153, 153, 153)),
    (19, "traffic light", (250, 170, 30)),
    (20, "traffic sign", (220, 220, 0)),
    (21, "vegetation", (107, 142, 35)),
    (22, "terrain", (152, 251, 152)),
    (23, "sky", (70, 130, 180)),
    (24, "person", (220, 20, 60)),
    (25, "rider", (255, 0, 0)),
    (26, "car", (0, 0, 142)),
    (27, "truck", (0, 0, 70)),
    (28, "bus", (0, 60, 100)),
    (31, "train", (0, 80, 100)),
    (32, "motorcycle", (0, 0, 230)),
    (33, "bicycle", (119, 11, 32)),
)
VALUES = 34  # 0..33 are in labelIds; the licence plate, -1, is stored as 255


class Snippet(NamedTuple):
    """A labelled frame and those around it."""

    split: str
    city: str
    sequence: str
    frame: int  # the labelled one's number
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
    encoding: an interval of 30, a whole snippet, lets any offset up to 19 reach the labelled frame
    test:     split that is tested and predicted: val, or test, whose labels are not public, so
              that its frames have none
    """

    root: Path | str
    cache: Path | str
    encoding: Encoding
    test: Literal["val", "test"] = "val"
    fps: float = 17.0
    processes: int = 0

    def __post_init__(self) -> None:
        if self.test not in ("val", "test"):
            raise BadData(f"test={self.test}: say val, or test (without labels)")
        values = dict.fromkeys(range(VALUES), IGNORE)
        values |= {value: number for number, (value, _, _) in enumerate(CLASSES)}
        _, names, colours = zip(*CLASSES, strict=True)
        self.classes = Classes(names, colours, tuple(values.items()))
        self.folder = Path(self.cache) / digest(asdict(self.encoding), self.fps)
        self.keyframe_cache = self.folder / "keyframes.json"

    def prepare(self) -> None:
        if not self._missing():
            return
        with exclusive(self.folder):
            missing = self._missing()
            self._check_images(missing)
            jobs = [
                TranscodeJob(
                    Source(Path(snippet.name), snippet.images(Path(self.root)), is_video=False),
                    self._video(snippet),
                    self.encoding,
                    self.fps,
                )
                for snippet in missing
            ]
            outcomes = transcode_all(jobs, self.processes or None)
            failed = [outcome.detail for outcome in outcomes if outcome.status == "failed"]
        if failed:
            raise BadData(
                f"{len(failed)} of {len(jobs)} snippets could not be encoded; mend them and start "
                "again, the others are kept:\n" + "\n".join(failed[:20])
            )

    def samples(self, split: Split) -> list[Sample]:
        source = self.test if split in ("test", "predict") else split
        if split == "test" and source == "val":
            warn_once("Cityscapes: the labels of its test split are not public; val is used for it")
        has_labels = source != "test" and split != "predict"
        samples = []
        for snippet in self._snippets(source):
            video = self._video(snippet)
            if not video.is_file():
                raise BadData(f"{video} is not made yet; prepare_data() of the data module does it")
            label = snippet.label if has_labels else None
            originals = snippet.images(Path(self.root))
            targets = range(FRAMES) if split == "predict" else [LABELLED]
            samples += [Sample(video, target, label, originals) for target in targets]
        return samples

    def _video(self, snippet: Snippet) -> Path:
        return clip_path(self.folder / snippet.split, snippet.name)

    def _snippets(self, split: str) -> list[Snippet]:
        """One for each label file; those of test are dummies, but named as the others."""
        folder = Path(self.root) / "gtFine" / split
        if not folder.is_dir():
            raise BadData(f"{folder} is missing; unpack {LABELS} {SOURCE} into {self.root}")
        found = []
        for path in sorted(folder.glob("*/*_gtFine_labelIds.png")):
            name = LABEL_NAME.fullmatch(path.stem)
            if name is None or int(name[3]) < LABELLED:
                raise BadData(
                    f"{path}: not named CITY_SEQUENCE_FRAME_gtFine_labelIds.png, with a frame from "
                    f"{LABELLED:06d}; unpack {LABELS} again"
                )
            found.append(Snippet(split, path.parent.name, name[2], int(name[3]), path))
        if not found:
            raise BadData(f"{folder} holds no CITY/*_gtFine_labelIds.png; unpack {LABELS} again")
        return found

    def _missing(self) -> list[Snippet]:
        return [
            snippet
            for split in sorted({"train", "val", self.test})
            for snippet in self._snippets(split)
            if not self._video(snippet).is_file()
        ]

    def _check_images(self, snippets: list[Snippet]) -> None:
        root = Path(self.root)
        wanted = [path for snippet in snippets for path in snippet.images(root)]
        for folder in (
            root / "leftImg8bit_sequence",
            *dict.fromkeys(path.parent for path in wanted),
        ):
            if not folder.is_dir():
                raise BadData(f"{folder} is missing; unpack {SEQUENCES} {SOURCE} into {root}")
        present = {path for folder in {path.parent for path in wanted} for path in folder.iterdir()}
        lacking = [path for path in wanted if path not in present]
        if lacking:
            raise BadData(
                f"{lacking[0]} is missing, the first of {len(lacking)} of {len(wanted)} frames; "
                f"unpack {SEQUENCES} again"
            )
