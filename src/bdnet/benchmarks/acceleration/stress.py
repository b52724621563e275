"""An accelerated network where motion and memory fail: scenes made from a labelled video."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.benchmarks.acceleration.accuracy import Acceleration
from bdnet.benchmarks.acceleration.results import NOTES, Accelerations, name_of
from bdnet.benchmarks.base import CannotMeasure, markdown
from bdnet.benchmarks.labelled import labelled_videos
from bdnet.codec import Encoding, VideoReader, VideoWriter
from bdnet.codec.pixels import Image
from bdnet.data.base import Split
from bdnet.data.classes import Classes
from bdnet.data.datasets.folder import Folder
from bdnet.data.module import ClipDataModule
from bdnet.reports.pictures.file import save

Label = NDArray[np.uint8]
Frames = list[tuple[Image, Label]]

STEP = 20  # frames from one change of brightness to the next
SHOWN, FIRST, STILL = 12, 8, 48  # frames of an object, before the first one, and of the still scene
LEAST = 0.0005  # of the picture: the area of an object that appears
FASTER = 3
BLUR, NOISE = 6.0, 2.0  # pixels, and grey levels


def brighter(frames: Frames, _: Sequence[int]) -> Frames:
    """Half as bright again in every other stretch of frames."""
    levels = [1.5 if index // STEP % 2 else 1.0 for index in range(len(frames))]
    return [
        (np.clip(image * level, 0, 255).astype(np.uint8), label)
        for (image, label), level in zip(frames, levels, strict=True)
    ]


def faster(frames: Frames, _: Sequence[int]) -> Frames:
    return frames[::FASTER]


def smooth(frames: Frames, _: Sequence[int]) -> Frames:
    """Without texture: blurred, with the noise of a sensor."""
    random = np.random.default_rng(0)
    return [
        (_noisy(cv2.GaussianBlur(image, (0, 0), BLUR), random), label) for image, label in frames
    ]


def appearing(frames: Frames, movable: Sequence[int]) -> Frames:
    """A still camera: movable objects of the video's other frames appear, and disappear."""
    random = np.random.default_rng(0)
    image, label = frames[0]
    scene = [(image.copy(), label.copy()) for _ in range(STILL)]
    spread = np.linspace(0, len(frames) - 1, STILL - FIRST - SHOWN).round().astype(int)
    for start, source in enumerate(spread, FIRST):
        other, labels = frames[source]
        mask = np.isin(labels, movable).astype(np.uint8)
        count, objects, statistics, _ = cv2.connectedComponentsWithStats(mask)
        areas = statistics[:, cv2.CC_STAT_AREA]
        large = [number for number in range(1, count) if areas[number] >= LEAST * mask.size]
        if not large:
            continue
        here = objects == large[start % len(large)]
        for shown, shown_labels in scene[start : start + SHOWN]:
            shown[here], shown_labels[here] = other[here], labels[here]
    return [(_noisy(shown, random), labels) for shown, labels in scene]


def _noisy(image: Any, random: np.random.Generator) -> Image:
    noise = random.normal(0, NOISE, image.shape)
    return np.asarray(np.clip(image + noise, 0, 255).round(), np.uint8)


SCENES: dict[str, Callable[[Frames, Sequence[int]], Frames]] = {
    "as it is": lambda frames, _: frames,
    "brightness steps": brighter,
    "three times as fast": faster,
    "objects appear, still camera": appearing,
    "without texture": smooth,
}


class Stresses(NamedTuple):
    """A measurement of scenes; see `Measurement`."""

    scenes: dict[str, Accelerations]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def record(self) -> dict[str, Any]:
        return {
            "unit": "mIoU",
            "stress": {
                name: {row["name"]: row for row in result.record()["accelerations"]}
                for name, result in self.scenes.items()
            },
        }

    def table(self) -> str:
        heads = ["scene", "network on", "mIoU", "difference", "95 %", "lag"]
        rows = []
        for scene, result in self.scenes.items():
            first = result.rows[0].miou
            for row in result.rows:
                low, high = (f"{100 * bound:+.2f}" for bound in row.interval_95)
                shares = f"{100 * row.miou:.2f}", f"{100 * (row.miou - first):+.2f}"
                lag = f"{row.mean('lag'):.2f}"
                rows.append([scene, row.name, *shares, f"{low} to {high}", lag])
        return markdown(heads, rows)


class AccelerationStress:
    """Makes each scene from the longest labelled video of a data set; labels change with it.

    scenes:  by name, those of SCENES
    cache:   folder of the scenes' videos and labels
    options: further ones of `Acceleration`
    """

    def __init__(
        self,
        network: Any,
        module: ClipDataModule,
        interval: int,
        memories: Sequence[float],
        cache: str,
        scenes: Sequence[str] = tuple(SCENES),
        split: Split = "test",
        **options: Any,
    ) -> None:
        unknown = set(scenes) - SCENES.keys()
        if unknown:
            raise CannotMeasure(f"scenes={sorted(unknown)}: use some of {', '.join(SCENES)}")
        self.network, self.module, self.split, self.options = network, module, split, options
        self.interval, self.memories, self.cache = interval, memories, Path(cache)
        self.scenes = scenes

    def measure(self, repeats: int) -> Stresses:
        videos = labelled_videos(self.module, self.split)
        video, labels = max(videos.items(), key=lambda item: len(item[1]))
        with VideoReader(video, "all") as reader:
            frames: Frames = [
                (frame.image, labels[frame.index])
                for frame in reader
                if frame.image is not None and frame.index in labels
            ]
        classes = self.module.dataset.classes
        results = {}
        for name in self.scenes:
            root = self.cache / name.replace(" ", "_").replace(",", "")
            write_scene(SCENES[name](frames, classes.movable), classes, root)
            target = Acceleration(
                self.network, ClipDataModule(Folder(root), interval=self.interval),
                [self.interval], self.memories, **self.options,
            )  # fmt: skip
            results[name] = target.measure(repeats)
        facts = {"network": name_of(self.network), "data set": type(self.module.dataset).__name__}
        return Stresses(results, facts, {name: NOTES[name] for name in ("difference", "lag")})


def write_scene(frames: Frames, classes: Classes, root: Path) -> None:
    """A data set for `Folder` of one test video."""
    name = "scene"
    encoding = Encoding(interval=36, crf=20)
    path = root / "test" / "videos" / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    Classes(classes.names, classes.colours).write(root / "classes.yaml")
    with VideoWriter(path, encoding=encoding) as writer:
        for index, (image, label) in enumerate(frames):
            writer.write(image)
            save(label, root / "test" / "labels" / name / f"{index:06d}.png")
