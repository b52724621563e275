"""Seconds per frame from a compressed video's file to its label maps, decoding included."""

import time
from collections import defaultdict
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch

from bdnet.benchmarks.base import CannotMeasure, street, take_turns
from bdnet.benchmarks.networks import NetworkFactory, check, gpu, parts, ready
from bdnet.benchmarks.trips import Leg, Trip, Trips
from bdnet.codec import VideoReader, describe
from bdnet.codec.index import read_index
from bdnet.codec.pixels import Pixels
from bdnet.inference.streaming import Stream
from bdnet.keyframes.fixed import Fixed
from bdnet.models.base import VideoModel
from bdnet.models.precision import Precision
from bdnet.reports.cost import BASELINE

STEADY = 30  # frames, of a decoder alone
NOTES = {
    "relative": "to the single-frame network on every frame of the same video, round by round; "
    "median of the rounds",
    "paper": "the same ratio in BDNet's Table 1, on other hardware",
    "network": "the time that the network's thread was busy; the decoder's runs beside it",
    "decoder alone": "the same frames read with nothing beside it",
}


class Way(NamedTuple):
    """A network at an interval; these take turns."""

    backbone: str
    contender: str
    interval: int
    network: VideoModel

    @property
    def name(self) -> str:
        return f"{self.backbone} {self.contender} every {self.interval}"

    @property
    def reads(self) -> str:
        """The frames whose pixels are decoded for it."""
        return "all" if self.network.pixels == "all" else f"keyframes, every {self.interval}"


class Pipeline:
    """Segments a video with networks.

    contenders: by name; the others' cost is relative to `single_frame`, which reads every frame
    intervals:  frames from keyframe to keyframe of the others
    video:      a file; None renders streets of the size and length below, once, into `cache`
    codec_interval: of the codec's own keyframes in rendered streets
    timed_frames: frames to segment in each round at least, rounded up to whole intervals
    warm_up_frames: untimed frames of each round, which do not count: a GPU's steps are recorded
    decoder_threads: 0 is one per core
    compile:    the networks' steps, by torch.compile
    """

    def __init__(
        self,
        contenders: dict[str, NetworkFactory],
        backbones: list[str],
        intervals: list[int],
        classes: int,
        video: str | None,
        cache: str,
        height: int,
        width: int,
        frames: int,
        codec_interval: int,
        timed_frames: int,
        warm_up_frames: int = 0,
        device: str = "cpu",
        precision: Precision = "float32",
        channels_last: bool = True,
        threads: int | None = None,
        decoder_threads: int = 0,
        compile: bool = False,  # noqa: A002 - a key of the configuration
        seed: int = 0,
    ) -> None:
        check(contenders, backbones, intervals, device, precision)
        self.contenders, self.backbones, self.intervals = contenders, backbones, intervals
        self.classes, self.seed = classes, seed
        self.timed_frames, self.warm_up_frames = timed_frames, warm_up_frames
        self.video, self.cache = Path(video) if video else None, Path(cache)
        self.rendered = height, width, frames, codec_interval
        self.device, self.precision = torch.device(device), precision
        self.channels_last, self.compile = channels_last, compile
        self.threads, self.decoder_threads = threads, decoder_threads
        self._warm: set[VideoModel] = set()

    def measure(self, repeats: int) -> Trips:
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        video = self.video or street(self.cache, *self.rendered)
        self._check_length(video)
        torch.manual_seed(self.seed)
        ways, facts = self._ways()
        trips: dict[str, list[Trip]] = defaultdict(list)
        alone = {way.reads: way for way in ways}
        turns = {f"decode {name}": self._alone(video, way) for name, way in alone.items()}
        turns |= {way.name: self._trip(video, way, trips[way.name]) for way in ways}
        rows = {row.name: row.values for row in take_turns(turns, repeats)}
        legs = [
            # without the warm-up round
            Leg(*way[:3], tuple(trips[way.name][1:]), rows[f"decode {way.reads}"])
            for way in ways
        ]
        return Trips(legs, facts | self._facts(video), NOTES)

    def _ways(self) -> tuple[list[Way], dict[str, Any]]:
        ways, facts = [], {}
        for backbone in self.backbones:
            for name, factory in self.contenders.items():
                network = factory(classes=self.classes, backbone=backbone)
                facts[f"{name} {backbone}"] = parts(network)
                network = ready(network, self.device, self.channels_last)
                if self.compile:
                    network.step = torch.compile(network.step)  # type: ignore[method-assign]
                intervals = [1] if name == BASELINE else self.intervals
                ways += [Way(backbone, name, interval, network) for interval in intervals]
        return ways, facts

    def _count(self, interval: int) -> int:
        return interval * max(1, -(-self.timed_frames // interval))

    def _trip(self, video: Path, way: Way, trips: list[Trip]) -> Callable[[], float]:
        def run() -> float:
            lead, count = self.warm_up_frames, self._count(way.interval)
            if not trips:  # the first round warms networks up, each of them once
                lead, count = 0, 0 if way.network in self._warm else min(2, count)
                self._warm.add(way.network)
            start, network, decode = time.perf_counter(), 0.0, 0.0
            rule = Fixed(way.interval)
            with Stream(
                video,
                way.network,
                rule,
                threads=self.decoder_threads,
                precision=self.precision,
                motion="stream",
            ) as stream:
                for _ in islice(stream, lead):
                    start = time.perf_counter()
                for segmentation in islice(stream, count):
                    network += segmentation.seconds.network
                    decode += segmentation.seconds.decode
                whole = time.perf_counter() - start
            trips.append(Trip(*(seconds / max(1, count) for seconds in (whole, network, decode))))
            return trips[-1].whole

        return run

    def _alone(self, video: Path, way: Way) -> Callable[[], float]:
        # opening the file would be most of a single frame's time
        count = max(self._count(way.interval), min(STEADY, len(read_index(video))))

        def run() -> float:
            pixels: Pixels = Fixed(way.interval).begin()
            if way.network.pixels == "all":
                pixels = "all"
            start = time.perf_counter()
            with VideoReader(video, pixels, strict=False, threads=self.decoder_threads) as reader:
                for _ in islice(reader, count):
                    pass
                return (time.perf_counter() - start) / count

        return run

    def _check_length(self, video: Path) -> None:
        frames = describe(video).frames
        needed = self.warm_up_frames + max(map(self._count, self.intervals))
        if frames < needed:
            raise CannotMeasure(
                f"video={video}: {frames} frames, and intervals={self.intervals} with "
                f"timed_frames={self.timed_frames}, warm_up_frames={self.warm_up_frames} need "
                f"{needed}; take a longer one, or smaller numbers"
            )

    def _facts(self, video: Path) -> dict[str, Any]:
        info = describe(video)
        return gpu(self.device) | {
            "video": video.name,
            "size": f"{info.width}x{info.height}",
            "codec": info.codec,
            "bits per pixel": round(
                8 * video.stat().st_size / info.frames / info.width / info.height, 3
            ),
            "frames before them": self.warm_up_frames,
            "frames per round": {k: self._count(k) for k in [1, *self.intervals]},
            "classes": self.classes,
            "precision": self.precision,
            "layout": "channels_last" if self.channels_last else "contiguous",
            "threads": torch.get_num_threads(),
            "decoder threads": self.decoder_threads or "one per core",
            "compiled": self.compile,
        }
