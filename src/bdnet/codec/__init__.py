"""Between a video file and keyframe pixels plus motion fields."""

from typing import TYPE_CHECKING

from bdnet.codec.encoding import Encoding, WriteError
from bdnet.codec.errors import CorruptStream, MissingVideo, UnsupportedStream
from bdnet.codec.probe import StreamInfo, probe
from bdnet.codec.reader import VideoReader
from bdnet.codec.writer import VideoWriter

if TYPE_CHECKING:
    from bdnet.codec.accumulation import accumulate

__all__ = [
    "CorruptStream",
    "Encoding",
    "MissingVideo",
    "StreamInfo",
    "UnsupportedStream",
    "VideoReader",
    "VideoWriter",
    "WriteError",
    "accumulate",
    "probe",
]


def __getattr__(name: str) -> object:
    """`accumulate` needs torch, without which the rest reads and writes videos."""
    if name != "accumulate":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from bdnet.codec.accumulation import accumulate  # noqa: PLC0415

    return accumulate
