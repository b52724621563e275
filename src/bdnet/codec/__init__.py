"""Between a video file and keyframe pixels plus motion fields."""

from bdnet.codec.encoding import Encoding, WriteError
from bdnet.codec.errors import CorruptStream, MissingVideo, UnsupportedStream
from bdnet.codec.motion import accumulate
from bdnet.codec.probe import StreamInfo, probe
from bdnet.codec.reader import VideoReader
from bdnet.codec.writer import VideoWriter

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
