"""Motion of the same videos in several codecs: how well it moves labels, and how fast it comes."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import av
import numpy as np
import torch
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from torch import Tensor

from bdnet.benchmarks.acceleration.sources import Network
from bdnet.benchmarks.base import CannotMeasure, markdown, take_turns
from bdnet.benchmarks.labelled import Labels, labelled_videos
from bdnet.codec import VideoReader, describe
from bdnet.codec.sources import read_rgb
from bdnet.data.base import Split
from bdnet.data.module import ClipDataModule
from bdnet.metrics.segmentation import iou
from bdnet.motion.accumulation import accumulate
from bdnet.motion.holes import fill
from bdnet.reports.dataset.label_propagation import confusion, count, propagate
from bdnet.system.files import partial_path

Way = Literal["stream", "default", "fast", "mpeg4", "dis"]
Fields = list[tuple[NDArray[np.float32], NDArray[np.bool_]] | None]

NAMES: dict[Way, str] = {
    "stream": "the stream's own vectors",
    "default": "searched",
    "fast": "searched at half size",
    "mpeg4": "searched by MPEG-4's encoder",
    "dis": "OpenCV's DIS flow, ultrafast",
}


class Row(NamedTuple):
    """A source and a way to its motion.

    miou:        of moved labels, by distance in frames
    rates:       frames/s of each round
    accelerated: mIoU of a network on keyframes, of each phase
    """

    source: str
    way: str
    miou: dict[int, float]
    rates: tuple[float, ...]
    decoding: tuple[float, ...]
    accelerated: tuple[float, ...] = ()


class Motions(NamedTuple):
    """A measurement of sources; see `Measurement`."""

    rows: list[Row]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def record(self) -> dict[str, Any]:
        return {"unit": "mIoU, frames/s", "motions": [row._asdict() for row in self.rows]}

    def table(self) -> str:
        distances = list(self.rows[0].miou)
        heads = ["source", "motion", *(f"d={d}" for d in distances), "frames/s", "of decoding"]
        heads += ["network on keyframes"] * bool(self.rows[0].accelerated)
        rows = []
        for row in self.rows:
            scores = [f"{100 * row.miou[d]:.1f}" for d in distances]
            rate, decoding = np.median(row.rates), np.median(row.decoding)
            speed = [f"{rate:.0f}", f"{rate / decoding:.2f}"]
            if row.accelerated:
                speed.append(f"{100 * np.mean(row.accelerated):.2f}")
            rows.append([row.source, row.way, *scores, *speed])
        return markdown(heads, rows)


class Encoder(NamedTuple):
    """How a source is made: an encoder of libavcodec with its options."""

    encoder: str
    ending: str
    options: dict[str, str]
    pixels: str = "yuv420p"


@dataclass(frozen=True)
class Arrays:
    """The images of a video, one after the other."""

    paths: tuple[Path, ...]

    def __iter__(self) -> Iterator[Any]:
        return map(read_rgb, self.paths)


Source = Path | Arrays


class MotionSources:
    """Encodes the labelled videos of a data set in several codecs, and moves labels along each.

    sources: encoders by name, or None for the original images as arrays; what cannot be made here
             is left out, and named
    threads: of the decoder
    network: (network, interval, phases, options) of a network to run on keyframes of each source
    """

    def __init__(
        self,
        module: ClipDataModule,
        sources: Mapping[str, Mapping[str, Any] | None],
        distances: Sequence[int],
        cache: str,
        split: Split = "test",
        ways: Sequence[Way] = ("stream", "default", "fast", "dis"),
        threads: int = 1,
        network: Mapping[str, Any] | None = None,
    ) -> None:
        unknown = set(ways) - NAMES.keys()
        if unknown:
            raise CannotMeasure(f"ways={sorted(unknown)}: use some of {', '.join(NAMES)}")
        self.module, self.split, self.distances = module, split, list(distances)
        self.sources = {
            name: None if source is None else Encoder(**source) for name, source in sources.items()
        }
        self.cache, self.ways, self.threads = Path(cache), ways, threads
        self.network = None if network is None else Network(**network)

    def measure(self, repeats: int) -> Motions:
        videos = labelled_videos(self.module, self.split)
        samples = self.module.dataset.samples(self.split)
        originals = {sample.video: sample.originals for sample in samples}
        rows, missing = [], []
        for name, encoder in self.sources.items():
            try:
                files = {
                    self._source(video, originals[video], name, encoder): labels
                    for video, labels in videos.items()
                }
            except (av.codec.codec.UnknownCodecError, FileNotFoundError):
                missing.append(name)
                continue
            rows += self._rows(name, files, repeats)
        facts = {
            "data set": type(self.module.dataset).__name__,
            "videos": len(videos),
            "labelled frames": sum(map(len, videos.values())),
            "decoder threads": self.threads,
        }
        return Motions(rows, facts, {"left out, no encoder": ", ".join(missing) or "none"})

    def _source(
        self, video: Path, originals: Sequence[Path] | None, name: str, encoder: Encoder | None
    ) -> Path | Arrays:
        """The video in another codec, made once, of its original images where they are there."""
        if encoder is None:
            if not originals:
                raise FileNotFoundError(f"{video}: no original images")
            return Arrays(tuple(originals))
        path = self.cache / f"{video.stem}-{name}.{encoder.ending}"
        if path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        partial_file = partial_path(path)
        av.codec.Codec(encoder.encoder, "w")  # raises where there is no such encoder
        with VideoReader(video, "all") as reader, av.open(str(partial_file), "w") as container:
            stream: Any = container.add_stream(encoder.encoder, rate=round(reader.fps))
            stream.width, stream.height = reader.width, reader.height
            stream.pix_fmt, stream.options = encoder.pixels, encoder.options
            images = map(read_rgb, originals) if originals else (frame.image for frame in reader)
            for image in images:
                assert image is not None
                picture = VideoFrame.from_ndarray(image, format="rgb24")
                container.mux(stream.encode(picture.reformat(format=encoder.pixels)))
            container.mux(stream.encode(None))
        partial_file.replace(path)
        return path

    def _rows(self, source: str, files: dict[Source, Labels], repeats: int) -> list[Row]:
        first = next(iter(files))
        has_vectors = isinstance(first, Path) and describe(first).exports_vectors
        ways = [way for way in self.ways if way != "stream" or has_vectors]
        readings = {way: partial(read, way=way, threads=self.threads) for way in ways}
        contenders: dict[str, Callable[[], float]] = {
            way: partial(rate, readings[way], list(files)) for way in ways
        }
        contenders["decoding"] = partial(rate, partial(decode, threads=self.threads), list(files))
        timings = {timing.name: timing for timing in take_turns(contenders, repeats)}
        rows = []
        for way in ways:
            scores = self._scores(files, readings[way])
            rates = timings[way].values, timings["decoding"].values
            rows.append(Row(source, NAMES[way], scores, *rates, self._accelerated(files, way)))
        return rows

    def _accelerated(self, files: dict[Source, Labels], way: Way) -> tuple[float, ...]:
        if self.network is None:
            return ()
        classes = len(self.module.dataset.classes)
        if way == "stream":
            return self.network.mious(files, classes, "stream", "default")
        return self.network.mious(files, classes, "search", way)

    def _scores(
        self, files: dict[Source, Labels], reading: Callable[[Source], Fields]
    ) -> dict[int, float]:
        classes = len(self.module.dataset.classes)
        matrices = {distance: confusion(classes) for distance in self.distances}
        for path, labels in files.items():
            fields = reading(path)
            for distance, matrix in matrices.items():
                add(matrix, fields, labels, distance)
        return {distance: iou(matrix).nanmean().item() for distance, matrix in matrices.items()}


def read(path: Source, way: Way, threads: int) -> Fields:
    """The field of each frame, None where it has none."""
    if way == "stream":
        reader = VideoReader(path, "none", strict=False, threads=threads)
    else:
        reader = VideoReader(path, "none", threads=threads, motion="search", search=way)
    with reader:
        return [
            None if frame.motion is None or frame.valid is None else (frame.motion, frame.valid)
            for frame in reader
        ]


def decode(path: Source, threads: int) -> list[None]:
    """Decodes every picture, and nothing else."""
    if isinstance(path, Arrays):
        return [None for _ in path]
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count, stream.thread_type = threads, "FRAME"
        return [None for _ in container.decode(stream)]


def rate(run: Callable[[Source], Sequence[object]], paths: Sequence[Source]) -> float:
    """Frames per second."""
    start = time.perf_counter()
    frames = sum(len(run(path)) for path in paths)
    return frames / (time.perf_counter() - start)


def add(matrix: Tensor, fields: Fields, labels: Labels, distance: int) -> None:
    """Counts every label map moved over so many frames, holes filled, against the one there."""
    for target in sorted(labels):
        steps = [field for field in fields[target - distance + 1 : target + 1] if field is not None]
        if target - distance not in labels or len(steps) < distance:
            continue
        motion, valid = (torch.from_numpy(np.stack(part)) for part in zip(*steps, strict=True))
        field, _ = accumulate(fill(motion, valid), valid)
        guess = propagate(labels[target - distance], field.numpy())
        count(matrix, labels[target], guess)
