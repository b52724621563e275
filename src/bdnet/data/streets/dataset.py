"""The street world as a data set: rendered, encoded and kept on first use."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bdnet.codec import Encoding
from bdnet.data.base import (
    SPLITS,
    ClipDataset,
    PlannedVideos,
    Sample,
    Split,
    folder_samples,
    videos_in,
)
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData, check_whole
from bdnet.data.prepare import clip_path, digest, run_all, write_clip
from bdnet.data.streets.classes import CLASSES, COLOURS
from bdnet.data.streets.parameters import StreetParameters
from bdnet.data.streets.renderer import render
from bdnet.system.files import write_json
from bdnet.system.locks import exclusive

WORLDS = {"train": 0, "val": 1, "test": 2}  # part of the seed, so that splits share no street
VERSION = 2  # of the renderer; increase it when the same parameters give other pictures


@dataclass(frozen=True)
class Streets(ClipDataset):
    """Drives through rendered streets, every frame labelled.

    root:     cache folder, with a folder per set of parameters
    clips:    number of drives by split
    world:    the seed
    encoding: of the clips; the interval of a whole clip lets any frame be a network's keyframe
    """

    root: Path | str
    clips: dict[str, int]
    parameters: StreetParameters
    encoding: Encoding
    world: int = 0
    processes: int = 0

    classes = Classes(CLASSES, COLOURS)

    def __post_init__(self) -> None:
        check_whole(0, processes=self.processes)
        if set(self.clips) != set(WORLDS) or min(self.clips.values()) < 1:
            raise BadData(f"clips={self.clips}: give a number, at least 1, for {', '.join(WORLDS)}")

    def planned_videos(self) -> PlannedVideos:
        parameters = self.parameters
        keys = min(self.encoding.interval, parameters.length)
        return PlannedVideos(
            self.clips["train"], parameters.length, keys, parameters.height, parameters.width
        )

    @property
    def folder(self) -> Path:
        """The folder of all clips with these parameters."""
        parameters = self.parameters
        name = digest(asdict(parameters), self.encoding.facts(), self.world, VERSION)
        return Path(self.root) / f"{parameters.height}x{parameters.width}-{name}"

    def prepare(self, splits: Collection[Split] = SPLITS) -> None:
        if not self._missing(splits):
            return
        with exclusive(self.folder, wait=True):
            write_json(self.folder / "parameters.json", asdict(self.parameters))
            self.classes.write(self.folder / "classes.yaml")
            title = f"render streets into {self.folder}"
            run_all(partial(_render, self), self._missing(splits), title, "clip", self.processes)

    def samples(self, split: Split) -> list[Sample]:
        if split == "predict":
            root = self.folder / "test"
            return [
                Sample(video, index, None)
                for video in videos_in(root)[: self.clips["test"]]
                for index in range(self.parameters.length)
            ]
        wanted = {clip_path(self.folder / split, _name(n)) for n in range(self.clips[split])}
        return [sample for sample in folder_samples(self.folder / split) if sample.video in wanted]

    def _missing(self, splits: Collection[Split]) -> list[tuple[str, int]]:
        worlds = {"test" if split == "predict" else split for split in splits}
        return [
            (split, number)
            for split, count in self.clips.items()
            if split in worlds
            for number in range(count)
            if not clip_path(self.folder / split, _name(number)).exists()
        ]


def _name(number: int) -> str:
    return f"{number:05d}"


def _render(streets: Streets, job: tuple[str, int]) -> None:
    split, number = job
    pictures = render(streets.parameters, (streets.world, WORLDS[split], number))
    write_clip(streets.folder / split, _name(number), pictures, streets.encoding)
