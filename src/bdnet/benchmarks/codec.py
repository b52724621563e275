"""Frames per second from a file to keyframe pixels and motion fields, beside other decoders."""

import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import av

from bdnet.benchmarks.base import Rates, street, take_turns
from bdnet.codec import VideoReader, describe

VECTORS = {"flags2": "+export_mvs"}
SKIPPING = {**VECTORS, "skip_loop_filter": "nokey", "skip_idct": "nokey"}


class Codec:
    """Decodes one video in several ways.

    video: a clean stream; None renders streets of the size and length below, once, into `cache`
    """

    def __init__(
        self, video: str | None, cache: str, height: int, width: int, frames: int, interval: int
    ) -> None:
        self.video = Path(video) if video else None
        self.cache, self.frames, self.interval = Path(cache), frames, interval
        self.height, self.width = height, width

    def measure(self, repeats: int) -> Rates:
        size = self.height, self.width
        video = self.video or street(self.cache, *size, self.frames, self.interval)
        info = describe(video)
        contenders: dict[str, Callable[[], int]] = {
            'VideoReader(pixels="key"), with fields': lambda: _read(video, "key"),
            'VideoReader(pixels="all"), with fields': lambda: _read(video, "all"),
            "PyAV, full decode, RGB of all frames": lambda: _decode(video, {}, rgb=True),
            "PyAV, vectors exported, nothing touched": lambda: _decode(video, VECTORS),
            "the same, pixels of other frames skipped": lambda: _decode(video, SKIPPING),
        }
        if find_spec("mvextractor"):
            contenders["motion-vector-extractor"] = lambda: _extract(video)
        if _has_torchcodec():
            contenders["TorchCodec, RGB of all frames, no vectors"] = lambda: _pictures(video)
        rows = take_turns({name: _rate(run) for name, run in contenders.items()}, repeats)
        stored = video.stat().st_size
        facts = {
            "video": video.name,
            "size": f"{info.width}x{info.height}",
            "frames": info.frames,
            "keyframes": len(info.keyframes),
            "bits per pixel": round(8 * stored / info.frames / info.width / info.height, 3),
        }
        return Rates("frames/s", rows, facts, {})


def _rate(run: Callable[[], int]) -> Callable[[], float]:
    def timed() -> float:
        start = time.perf_counter()
        count = run()
        return count / (time.perf_counter() - start)

    return timed


def _read(video: Path, pixels: Any) -> int:
    with VideoReader(video, pixels) as reader:
        return sum(1 for _ in reader)


def _decode(video: Path, options: dict[str, str], rgb: bool = False) -> int:
    count = 0
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = options
        stream.thread_type = "FRAME"  # the fastest of libavcodec's ways
        for picture in container.decode(stream):
            count += 1
            if rgb:
                picture.to_ndarray(format="rgb24")
    return count


def _has_torchcodec() -> bool:
    """It is installed, and finds an FFmpeg that it can load."""
    try:
        import torchcodec.decoders  # type: ignore[import-not-found]  # noqa: F401, PLC0415
    except (ImportError, OSError, RuntimeError):
        return False
    return True


def _pictures(video: Path) -> int:
    from torchcodec.decoders import VideoDecoder  # noqa: PLC0415

    return sum(1 for _ in VideoDecoder(str(video), num_ffmpeg_threads=0))


def _extract(video: Path) -> int:
    from mvextractor.videocap import VideoCap  # type: ignore[import-not-found]  # noqa: PLC0415

    capture, count = VideoCap(), 0
    if not capture.open(str(video)):
        raise ValueError(f"{video}: motion-vector-extractor cannot open it")
    while capture.read()[0]:
        count += 1
    return count
