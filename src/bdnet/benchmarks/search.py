"""Frames per second of a video's motion: its own vectors and searched ones, beside decoding."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from bdnet.benchmarks.base import Rates, street, take_turns
from bdnet.benchmarks.motion import NAMES, Source, Way, decode, read
from bdnet.codec import describe


class SearchRates:
    """Reads one video's motion in several ways, without pixels.

    video:   a file; None renders streets of the size and length below, once, into `cache`
    threads: of the decoder in every way; a search has two more of its own
    """

    def __init__(
        self,
        video: str | None,
        cache: str,
        height: int,
        width: int,
        frames: int,
        interval: int,
        ways: Sequence[Way] = ("stream", "default", "fast"),
        threads: int = 1,
    ) -> None:
        self.video, self.cache = Path(video) if video else None, Path(cache)
        self.rendered = height, width, frames, interval
        self.ways, self.threads = ways, threads

    def measure(self, repeats: int) -> Rates:
        video = self.video or street(self.cache, *self.rendered)
        info = describe(video)
        ways = [way for way in self.ways if way != "stream" or info.exports_vectors]
        readings: dict[str, Callable[[Source], Sequence[object]]] = {
            "decoding alone": partial(decode, threads=self.threads)
        }
        readings |= {NAMES[way]: partial(read, way=way, threads=self.threads) for way in ways}
        spent: dict[str, list[float]] = {name: [] for name in readings}
        contenders = {
            name: partial(_rate, reading, video, spent[name]) for name, reading in readings.items()
        }
        timings = take_turns(contenders, repeats)
        facts = {
            "video": video.name,
            "codec": info.codec,
            "B-frames": info.has_b_frames,
            "size": f"{info.width}x{info.height}",
            "frames": info.frames,
            "bits per pixel": round(
                8 * video.stat().st_size / info.frames / info.width / info.height, 3
            ),
            "decoder threads": self.threads or "one per core",
            "processor ms per frame": {
                name: round(1000 * median(seconds), 2) for name, seconds in spent.items()
            },
        }
        return Rates("frames/s", timings, facts, {})


def _rate(reading: Callable[[Source], Sequence[object]], video: Path, spent: list[float]) -> float:
    """Frames/s; `spent` gets the processor's seconds per frame, of all threads."""
    start, begin = time.process_time(), time.perf_counter()
    frames = len(reading(video))
    spent.append((time.process_time() - start) / frames)
    return frames / (time.perf_counter() - begin)
