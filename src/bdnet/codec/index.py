"""The display order of a video's frames, read from its packets without decoding."""

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from bdnet.codec import bitstream
from bdnet.codec.container import open_video, reason


@dataclass(frozen=True)
class StreamIndex:
    """Every frame of a video in display order; arrays are [frames].

    stamps:    presentation time in units of the stream's time base; None where the file has none
    packets:   position in decoding order
    is_key:    the codec can start decoding here
    is_unused: no later frame refers to this P-frame, so the next one refers further back
    has_b:     there are frames that refer to the future, or B-frames by their slice header
    missing:   frames that the container promises and does not hold
    damage:    the demuxer's error, if it ended the reading early
    """

    stamps: NDArray[np.int64] | None
    packets: NDArray[np.int64]
    is_key: NDArray[np.bool_]
    is_unused: NDArray[np.bool_]
    has_b: bool
    missing: int
    damage: str | None

    def __len__(self) -> int:
        return len(self.packets)

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """Display indices of the codec keyframes."""
        return np.flatnonzero(self.is_key)

    def key_before(self, frame: int) -> int:
        """The last codec keyframe at or before a frame, or the first frame."""
        count = int(np.searchsorted(self.keys, frame, side="right"))
        return int(self.keys[count - 1]) if count else 0

    @property
    def variable_rate(self) -> bool:
        """Whether frames follow each other at unequal times, beyond the container's rounding."""
        if self.stamps is None or len(self.stamps) < 3:
            return False
        gaps = np.diff(self.stamps)
        median = float(np.median(gaps))
        return bool(np.abs(gaps - median).max() > max(1.5, 0.05 * median))


def read_index(
    path: str | Path, packets: int | None = None, track: int | None = None
) -> StreamIndex:
    """Reads every packet of a video once, or the first ones; a few numbers per frame."""
    container, stream = open_video(path, track=track)
    is_h264 = stream.codec_context.name == "h264"
    length_size = bitstream.read_header(stream.codec_context.extradata).length_size
    stamps: list[int | None] = []
    keys, unused, has_b, discarded, damage = [], [], False, 0, None
    with container:
        try:
            for packet in islice(container.demux(stream), packets):
                if packet.size == 0:  # the end
                    continue
                if packet.is_discard:  # decoded but not shown, because of an edit list
                    discarded += 1
                    continue
                stamps.append(packet.pts)
                keys.append(packet.is_keyframe)
                header = bitstream.read_slice(memoryview(packet), length_size) if is_h264 else None
                unused.append(header is not None and not header.is_reference and not header.is_b)
                has_b = has_b or (header is not None and header.is_b)
        except (av.error.FFmpegError, OSError) as error:
            damage = reason(error)
        missing = max(0, stream.frames - len(stamps) - discarded)
    order, times = _display_order(stamps)
    if has_b and (np.diff(order) > 0).all():
        times = None  # of decoding: AVI has no others, and decoders sort the pictures themselves
    return StreamIndex(
        stamps=times,
        packets=order,
        is_key=np.array(keys, np.bool_)[order],
        is_unused=np.array(unused, np.bool_)[order],
        has_b=has_b or bool((np.diff(order) < 0).any()),
        missing=missing,
        damage=damage,
    )


def _display_order(
    stamps: list[int | None],
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    known = [stamp for stamp in stamps if stamp is not None]
    if len(set(known)) < len(stamps):  # a raw stream, or stamps that repeat
        return np.arange(len(stamps)), None
    times = np.array(known, np.int64)
    order = np.argsort(times)
    return order, times[order]
