"""What a decoder gives: pictures with their vectors, and facts of the video."""

from enum import Enum
from typing import Any, NamedTuple

from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame

from bdnet.codec.motion import Field
from bdnet.types import Size


class Skip(Enum):
    """Frames whose pixels are not decoded; vectors do not depend on pixels."""

    NOTHING = "default"
    OTHER_THAN_KEY = "nokey"
    OTHER_THAN_INTRA = "nointra"
    ALL = "all"


class Decoded(NamedTuple):
    """A picture in display order.

    packet:         its number in decoding order
    is_reference:   other pictures refer to it
    has_vectors:    the vectors that libavcodec exports with it are its own
    searched:       its motion, where that was searched and found
    search_seconds: time that the search took
    arrived:        time.perf_counter() when its packet had been read
    """

    picture: VideoFrame
    packet: int
    is_reference: bool
    has_vectors: bool
    searched: Field | None = None
    search_seconds: float = 0.0
    arrived: float = 0.0


class Facts(NamedTuple):
    """Of a video, before it is decoded.

    size:      (height, width) as coded; 0 where it is unknown
    fps:       0 where it is unknown
    time_base: seconds per unit of the time stamps
    problems:  reasons why its vectors do not chain, by its headers
    reorders:  the decoder holds pictures back
    """

    size: Size
    fps: float
    time_base: float
    problems: tuple[str, ...] = ()
    reorders: bool = False


def side_data(picture: VideoFrame, kind: str) -> Any:
    """Side data of a picture, or None.

    picture.side_data would tie both into a reference cycle, and every frame would take new memory
    until the next garbage collection.
    """
    return SideDataContainer(picture).get(kind)  # type: ignore[call-arg]  # its stub
