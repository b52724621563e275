"""Reads a video file as keyframe pixels and motion fields, and writes clean streams; no torch."""

from bdnet.codec.description import StreamInfo, describe
from bdnet.codec.encoding import Encoding, WriteError
from bdnet.codec.errors import CorruptStream, MissingVideo, UnsupportedStream
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
    "describe",
]
