"""Frames per second of a video's motion: its own vectors and searched ones, beside decoding."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bdnet.benchmarks.base import Rates, street, take_turns
from bdnet.benchmarks.motion import NAMES, Way, decode, rate, read
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
        contenders: dict[str, Callable[[], float]] = {
            "decoding alone": partial(rate, partial(decode, threads=self.threads), [video])
        }
        for way in ways:
            reading = partial(read, way=way, threads=self.threads)
            contenders[NAMES[way]] = partial(rate, reading, [video])
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
        }
        return Rates("frames/s", take_turns(contenders, repeats), facts, {})
