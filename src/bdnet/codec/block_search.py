"""An encoder in memory as a search for motion: it encodes pictures, and its vectors are read."""

from __future__ import annotations  # av.Packet takes its type argument in its stub only

from fractions import Fraction
from typing import Literal

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bdnet.codec.decoded import side_data
from bdnet.codec.errors import UnsupportedStream
from bdnet.codec.motion import Field, rasterise
from bdnet.codec.pixels import Image
from bdnet.types import Size

# A field depends only on the pictures so far: no B-frames, one reference, no
# keyframe but the first, nothing that looks ahead, and one thread, since x264 cuts slices by thread
REPEATABLE = (
    "bframes=0:ref=1:weightp=0:scenecut=0:keyint=infinite:mbtree=0:aq-mode=0:"
    "sync-lookahead=0:rc-lookahead=0:threads=1"
)


class BlockSearch:
    """Encodes pictures of one size, and reads the encoder's vectors.

    `prepare` and `find` each take all pictures in order, and may run in two threads.
    """

    def __init__(
        self, method: Literal["x264", "mpeg4"], size: Size, subpixel: int, quantiser: int
    ) -> None:
        self.size, self._count = size, 0
        self._is_x264 = method == "x264"
        options = _x264(subpixel, quantiser) if self._is_x264 else MPEG4
        self._encoder = _encoder("libx264" if self._is_x264 else "mpeg4", size, options)
        self._decoder = _decoder("h264" if self._is_x264 else "mpeg4")

    def prepare(self, grey: Image) -> Packet[VideoStream]:
        """Encodes a picture, uint8 [H, W]."""
        if self._is_x264:
            frame = VideoFrame.from_numpy_buffer(np.ascontiguousarray(grey), format="gray")
        else:
            frame = _with_colour(grey)
        frame.pts, self._count = self._count, self._count + 1
        (packet,) = self._encoder.encode(frame)
        return packet

    def find(self, packet: Packet[VideoStream]) -> Field:
        """The motion of an encoded picture since the one before."""
        (picture,) = self._decoder.decode(packet)
        if picture.pts != packet.pts:
            raise RuntimeError(f"the encoder gave picture {picture.pts} instead of {packet.pts}")
        vectors = side_data(picture, "MOTION_VECTORS")
        return rasterise(np.empty(0) if vectors is None else vectors.to_ndarray(), *self.size)


def _x264(subpixel: int, quantiser: int) -> dict[str, str]:
    """The fastest preset, but 8x8 blocks found by a hexagon search."""
    chosen = f"partitions=p8x8:me=hex:subme={subpixel}"
    return {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "qp": str(quantiser),
        "x264-params": f"{REPEATABLE}:{chosen}",
    }


MPEG4 = {
    "flags": "+qscale+mv4+qpel",
    "global_quality": str(4 * 118),  # a quantiser of 4, of 1 to 31
    "bf": "0",
    "g": "600",  # its longest; the picture after it has no vectors
    "sc_threshold": "1000000000",
}


def _encoder(name: str, size: Size, options: dict[str, str]) -> VideoCodecContext:
    try:
        encoder = av.CodecContext.create(name, "w")
    except av.codec.codec.UnknownCodecError as error:
        raise UnsupportedStream(
            f"motion=search: this PyAV has no {name}; install PyAV's wheel (pip install av), use "
            "libavcodec's MPEG-4 encoder (search=mpeg4) or OpenCV's flow (search=dis), or read the "
            "stream's own vectors with motion=stream"
        ) from error
    assert isinstance(encoder, VideoCodecContext)
    if name == "mpeg4":
        encoder.height, encoder.width = (side + side % 2 for side in size)
        encoder.pix_fmt = "yuv420p"
    else:
        encoder.height, encoder.width = size
        encoder.pix_fmt = "gray"
    encoder.thread_count = 1
    encoder.time_base = Fraction(1, 25)  # of no consequence: the quantiser is constant
    encoder.options = options
    return encoder


def _decoder(name: str) -> VideoCodecContext:
    """A decoder of vectors that decodes no pixels."""
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1  # frame threads would hold pictures back
    decoder.options = {
        "flags": "+low_delay",
        "flags2": "+export_mvs",
        "skip_loop_filter": "all",
        "skip_idct": "all",
    }
    return decoder


def _with_colour(grey: Image) -> VideoFrame:
    """A grey picture as yuv420p, at even sides."""
    height, width = grey.shape
    even = np.pad(grey, ((0, height % 2), (0, width % 2)), "edge")
    colour = np.full((even.shape[0] // 2, even.shape[1]), 128, np.uint8)
    return VideoFrame.from_ndarray(np.concatenate([even, colour]), format="yuv420p")
