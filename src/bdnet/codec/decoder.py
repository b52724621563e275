"""A decoder that exports motion vectors and skips pixels that are not needed."""

from __future__ import annotations  # av.Packet takes its type argument in its stub only

import itertools
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import av
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from bdnet.codec import bitstream, problems
from bdnet.codec.chaining import vectors_chain
from bdnet.codec.container import TIMEOUT, open_video, reason, require_vectors
from bdnet.codec.decoded import Decoded, Facts, Skip

# measured: for B-frames of MPEG-4 libavcodec exports zeros instead of the blocks' vectors
EXPORTS_B_VECTORS = {"h264", "mpeg1video", "mpeg2video"}
REPEATED = -2  # packet number of the keyframe that is decoded again at the end


class Decoder:
    """Decodes one video from any of its keyframes on.

    vectors: export them; None: if they chain, and otherwise decode every picture whole. Without
             them a video may be of any codec
    timeout: seconds to wait for a URL's next byte
    track:   number of the video track, from 0; None: the default one
    """

    def __init__(
        self,
        path: str | Path,
        skip: Skip,
        threads: int,
        vectors: bool | None = True,
        timeout: float = TIMEOUT,
        track: int | None = None,
    ) -> None:
        self.path, self.skip, self.threads, self.vectors = path, skip, threads, vectors
        self.timeout, self.track = timeout, track
        self.damage: str | None = None  # the demuxer's error, if it ended the reading early
        self._used, self.packets, self.discarded = False, 0, 0
        self._open()

    def _open(self) -> None:
        self.container, self.stream = open_video(self.path, self.timeout, self.track)
        try:
            if self.vectors is None:
                self.vectors = vectors_chain(self.path, self.stream, self.track)
                self.skip = self.skip if self.vectors else Skip.NOTHING
            if self.vectors:
                require_vectors(self.path, self.stream)
        except ValueError:
            self.container.close()
            raise
        context = self.stream.codec_context
        context.options |= {"skip_loop_filter": self.skip.value, "skip_idct": self.skip.value}
        if self.vectors:
            context.options |= {"flags2": "+export_mvs"}
        context.copy_opaque = True  # carries each packet's number to its picture
        self.header = bitstream.read_header(context.extradata)
        self._is_h264 = context.name == "h264"
        self._has_b_vectors = context.name in EXPORTS_B_VECTORS
        context.thread_count = self.threads
        # libavcodec's frame threads have a race for the vectors of B-frames in direct mode: a third
        # of the decodes of one file differed
        races = self.vectors and context.reorder_depth
        context.thread_type = "SLICE" if races else "FRAME"

    def close(self) -> None:
        self.container.close()

    @property
    def facts(self) -> Facts:
        stream = self.stream
        return Facts(
            (stream.height, stream.width),
            float(stream.average_rate or stream.guessed_rate or 0),
            float(stream.time_base or 0),
            tuple(problems.of_parameters(self.header.parameters)),
            bool(stream.codec_context.reorder_depth),
        )

    def decode(
        self, start: int | None = None, packets: int | None = None
    ) -> Generator[Decoded | None, None, None]:
        """Pictures in display order, None for each one that could not be decoded.

        start: time stamp of the keyframe to begin with, None for the beginning of the file
        packets: how many to read from there, None for all
        """
        key = None
        for packet in self._packets(start):
            if self.packets == packets:
                break
            key = packet if packet.is_keyframe else key
            packet.opaque = self.packets, self._is_reference(packet), time.perf_counter()
            # an edit list discards packets: they are decoded but not shown
            self.packets += not packet.is_discard
            self.discarded += packet.is_discard
            yield from self._send(packet)
        if key is not None and not self._is_h264 and self.stream.codec_context.reorder_depth:
            yield from self._push_out(key)
        else:
            yield from self._send(None)

    def truncation(self, count: int) -> str | None:
        """What is wrong if the whole video gave `count` pictures; None if it is complete."""
        promised = self.stream.frames - self.discarded
        missing = promised - count
        if self.damage is None and missing <= 0:
            return None
        if self.damage is None and self.packets >= promised:  # such as before a keyframe
            return f"holds {promised} frames, of which {missing} cannot be decoded"
        return (
            f"ends early, after {count} frames "
            f"({self.damage or f'{missing} of the promised frames are missing'})"
        )

    def _push_out(self, key: Packet[VideoStream]) -> Iterator[Decoded]:
        """Decodes a keyframe again, because the last picture would lose its vectors in a flush."""
        key.opaque = REPEATED, None, 0.0
        for decoded in itertools.chain(self._send(key), self._send(None)):
            if decoded is not None and decoded.packet != REPEATED:
                yield decoded

    def _is_reference(self, packet: Packet[VideoStream]) -> bool | None:
        """Whether later frames may refer to this one; None where the codec has no such flag."""
        if not self._is_h264:
            return None
        header = bitstream.read_slice(memoryview(packet), self.header.length_size)
        return header is None or header.is_reference

    def _packets(self, start: int | None) -> Iterator[Packet[VideoStream]]:
        is_ready = not self._used if start is None else self._seek(start)
        if not is_ready:
            self._reopen()
        yield from self._demux(start)
        if start is not None and not self.packets and self.damage is None:
            # after a seek, packets of MPEG program streams may lack the stamps that they had before
            self._reopen()
            yield from self._demux(start)

    def _reopen(self) -> None:
        self.container.close()
        self._open()

    def _demux(self, start: int | None) -> Iterator[Packet[VideoStream]]:
        self._used, self.damage, self.packets, self.discarded = True, None, 0, 0
        reached = start is None
        try:
            for packet in self.container.demux(self.stream):
                reached = reached or packet.pts == start
                if reached and packet.size:
                    yield packet
        except (av.error.FFmpegError, OSError) as error:
            self.damage = reason(error, self.timeout)

    def _seek(self, start: int) -> bool:
        """Goes to a packet at or before the stamp; False where the demuxer's index is wrong."""
        try:
            self.container.seek(start, stream=self.stream)
            first = next(self.container.demux(self.stream), None)
            if first is None or first.pts is None or first.pts > start:
                return False
            self.container.seek(start, stream=self.stream)
        except (av.error.FFmpegError, OSError):
            return False
        return True

    def _send(self, packet: Packet[VideoStream] | None) -> Iterator[Decoded | None]:
        try:
            pictures = self.stream.codec_context.decode(packet)
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            yield None
            return
        for picture in pictures:
            opaque = picture.opaque  # of the packet that it came from
            number, flag, arrived = opaque if isinstance(opaque, tuple) else (-1, None, 0.0)
            is_reference = picture.pict_type != PictureType.B if flag is None else flag
            has_vectors = self._has_b_vectors or picture.pict_type != PictureType.B
            yield Decoded(picture, number, is_reference, has_vectors, arrived=arrived)
