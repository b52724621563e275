"""Reads a video as frames with motion fields."""

import logging
import operator
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Self

import numpy as np

from bdnet.codec.container import TIMEOUT
from bdnet.codec.decoded import Decoded, Skip
from bdnet.codec.decoder import Decoder
from bdnet.codec.decoder_pool import Decoders
from bdnet.codec.errors import CorruptStream, NoIndex, NoSuchFrame, UnsupportedStream
from bdnet.codec.frames import FrameBuilder, StreamFindings, refuse
from bdnet.codec.index import StreamIndex, read_index
from bdnet.codec.pictures import PictureDecoder, Video, name_of
from bdnet.codec.pixels import SKIPS, Pixels, likely_skip, runs, wants
from bdnet.codec.search import Motion, Search, check_motion, search_ahead, search_of
from bdnet.types import Frame

log = logging.getLogger(__name__)


class VideoReader:
    """Reads a video as `Frame`s, decoding no more than is asked for.

    video:   a file, a URL, a folder of images, a camera (camera:0), or pictures: an iterable of
             uint8 RGB [H, W, 3], or of pairs of that and its seconds
    pixels:  which frames get an image: codec keyframes (key), these and all without motion
             (intra), all, none, these indices, or those for which a function of the frame is True
    strict:  True refuses any damage, and own vectors that do not chain from each frame to the one
             before. False reads all it can: past vectors only, divided by the distance to their
             likely reference so that a field always spans one frame; damaged frames become holes.
             Problems are counted (`corrupt`, `hole_share`) and logged once.
    threads: of the decoder, 0 for one per core; 1 in worker processes
    index:   of the file, if the caller has kept it (`reader.index`)
    motion:  the source of motion: the stream's own vectors (stream), an encoder's search in the
             decoded pictures (search), for any codec, or the vectors if they chain by the file's
             headers and beginning and else the search (auto)
    search:  settings of the search, or their name: default, or fast at half the size
    timeout: seconds to wait for a URL's next byte, or a camera's next picture
    upright: turn pictures and vectors as the file asks players to, by multiples of 90 degrees.
             Without it they stay as coded, and strict mode refuses a video with such a rotation
    track:   number of a file's video track, from 0; None: the default one
    """

    def __init__(
        self,
        video: Video,
        pixels: Pixels = "key",
        strict: bool = True,
        threads: int = 0,
        index: StreamIndex | None = None,
        upright: bool = False,
        motion: Motion = "stream",
        search: Search | str = "default",
        timeout: float = TIMEOUT,
        track: int | None = None,
    ) -> None:
        check_motion(motion, search)
        if isinstance(pixels, str) and pixels not in SKIPS:
            raise ValueError(
                f"pixels={pixels!r}: use {', '.join(map(repr, SKIPS))}, frame indices or a function"
            )
        self.path, self.pixels, self.strict = name_of(video), pixels, strict
        self._index, self.upright, self.track = index, upright, track
        self._findings = StreamFindings()
        vectors = None if motion == "auto" else motion == "stream"
        self._decoders = Decoders(video, threads, vectors, timeout, track)
        decoder = self._decoders.open(Skip.NOTHING if motion == "search" else likely_skip(pixels))
        self.search = None if decoder.vectors else search_of(search)
        self.has_index = isinstance(decoder, Decoder)
        # a picture's own time base is lost where the decoder is flushed
        self._coded_size, self.fps, self._time_base, announced, self._reorders = decoder.facts
        self._announced = announced if self.search is None else ()
        for problem in self._announced:
            refuse(self.path, problem, strict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._decoders.close()

    @property
    def height(self) -> int:
        """Of the frames, in pixels; of the coded pictures until the first frame is read."""
        return (self._findings.size or self._coded_size)[0]

    @property
    def width(self) -> int:
        """Of the frames, in pixels; of the coded pictures until the first frame is read."""
        return (self._findings.size or self._coded_size)[1]

    @property
    def index(self) -> StreamIndex:
        """The order of all frames; reads every packet of the file the first time."""
        if not self.has_index:
            raise NoIndex(
                f"{self.path}: pictures, which are read in order only; iterate over the reader"
            )
        if self._index is None:
            self._index = read_index(self.path, track=self.track)
        return self._index

    def __len__(self) -> int:
        return len(self.index)

    @property
    def corrupt(self) -> tuple[int, ...]:
        """Indices of the damaged frames read so far."""
        return tuple(self._findings.corrupt)

    @property
    def problems(self) -> tuple[str, ...]:
        """Reasons why the vectors do not chain, of the frames read so far."""
        return tuple(dict.fromkeys([*self._announced, *self._findings.problems]))

    @property
    def source_of_motion(self) -> str:
        """In words, with the time that the search has taken so far."""
        return "its own vectors" if self.search is None else self._findings.searched()

    @property
    def hole_share(self) -> float:
        """Share of the cells of the inter frames read so far that had no usable vector."""
        return self._findings.hole_share

    def __iter__(self) -> Generator[Frame, None, None]:
        self._findings = StreamFindings()
        if isinstance(self.pixels, str) or callable(self.pixels):
            yield from self._read_stream(self.pixels)
        else:
            yield from self._read(0, len(self) - 1, self.pixels)
        if not self.strict:
            self._findings.log(self.path)

    def clip(self, target: int, offset: int, pixels: Pixels | None = None) -> list[Frame]:
        """Frames target - offset .. target, decoded from the nearest codec keyframe before them.

        With strict=False frames that cannot be decoded are left out, but never the target.
        """
        target, offset = operator.index(target), operator.index(offset)
        if not 0 <= offset <= target < len(self):
            raise NoSuchFrame(
                f"{self.path}: no frames {target - offset}..{target} (target={target}, "
                f"offset={offset}); it has frames 0..{len(self) - 1}"
            )
        pixels = self.pixels if pixels is None else pixels
        first = target - offset
        frames = list(self._read(first, target, pixels))
        numbers = [frame.index for frame in frames]
        lost = {*range(first, target + 1)} - {*numbers}
        if numbers != sorted(numbers) or target in lost or (self.strict and lost):
            frame = min(lost, default=target)
            raise CorruptStream(
                f"{self.path}: frame {frame} could not be decoded; copy the file again from its "
                "source",
                frame,
            )
        return frames

    def _read(self, first: int, last: int, pixels: Pixels) -> Iterator[Frame]:
        """Frames first..last, with no more pixels decoded than they need."""
        if not isinstance(pixels, str) and not callable(pixels):
            outside = [frame for frame in sorted(pixels) if not 0 <= frame < len(self)]
            if outside:
                raise NoSuchFrame(
                    f"{self.path}: no frame {outside[0]} to take pixels of; it has frames "
                    f"0..{len(self) - 1}"
                )
        spans = runs(self.index, first, last, pixels)
        if self.search is not None:
            spans = iter([(first, last, Skip.NOTHING)])
        for begin, end, skip in spans:
            yield from self._read_run(begin, end, pixels, skip)

    def _builder(self) -> FrameBuilder:
        is_searched = self.search is not None
        return FrameBuilder(self.path, self.strict, self._findings, self.upright, is_searched)

    def _searched(
        self, pictures: Generator[Decoded | None, None, None]
    ) -> "closing[Generator[Decoded | None, None, None]]":
        """Decoded pictures, with searched motion if it is searched."""
        return closing(pictures if self.search is None else search_ahead(pictures, self.search))

    def _skip(self, pixels: Pixels) -> Skip:
        """The kind of skipping to begin with; a search needs every pixel."""
        return likely_skip(pixels) if self.search is None else Skip.NOTHING

    def _read_stream(self, rule: Pixels) -> Iterator[Frame]:
        """The whole video, without reading its index first."""
        builder, count, lost = self._builder(), 0, 0
        wanted = wants(rule)
        with self._decoders.borrowed(self._skip(rule)) as decoder:
            with self._searched(decoder.decode()) as pictures:
                for decoded in pictures:
                    if decoded is None:
                        builder.skip_lost(count)
                        lost += 1
                    else:
                        yield builder.build(decoded, count, self._time(decoded, count), wanted)
                    count += 1
            if count == lost:
                raise UnsupportedStream(f"{self.path}: a video {_emptiness(decoder)}")
            self._check_end(decoder, count)

    def _read_run(self, first: int, last: int, pixels: Pixels, skip: Skip) -> Iterator[Frame]:
        """Frames first..last, decoded from the keyframe before them."""
        builder, stamps = self._builder(), self.index.stamps
        index = self.index.key_before(first) if stamps is not None else 0
        start = int(stamps[index]) if index and stamps is not None else None
        wanted = wants(pixels)
        with self._decoders.borrowed(skip) as decoder:
            assert isinstance(decoder, Decoder)  # it has an index
            # a decoder that reorders holds pictures back; flushed early it loses their vectors
            is_held_back = self.index.has_b or self._reorders
            count = None if is_held_back else last - index + 1
            with self._searched(decoder.decode(start, count)) as pictures:
                for decoded in pictures:
                    if decoded is None:
                        builder.skip_lost(index)
                    else:
                        index = self._index_of(decoded, index)
                        if first <= index <= last:
                            yield builder.build(decoded, index, self._time(decoded, index), wanted)
                        else:
                            builder.skip_unwanted(decoded, index)
                    index += 1
                    if index > last:
                        break

    def _index_of(self, decoded: Decoded, expected: int) -> int:
        """A picture's index, by its time stamp, so that a lost picture shifts no other."""
        stamps, stamp = self.index.stamps, decoded.picture.pts
        if stamps is None or stamp is None:
            return expected
        index = int(np.searchsorted(stamps, stamp))
        return index if index < len(stamps) and stamps[index] == stamp else expected

    def _time(self, decoded: Decoded, index: int) -> float:
        if decoded.picture.pts is not None:
            return decoded.picture.pts * self._time_base
        return index / self.fps if self.fps else 0.0

    def _check_end(self, decoder: Decoder | PictureDecoder, count: int) -> None:
        problem = decoder.truncation(count)
        if problem is None:
            return
        if self.strict:
            raise CorruptStream(
                f"{self.path}: {problem}; copy it again from its source, or read what is there "
                "with strict=False",
                count,
            )
        log.warning("%s: %s", self.path, problem)
        self._findings.problems[problem] = count


def _emptiness(decoder: Decoder | PictureDecoder) -> str:
    if decoder.packets:
        return "none of whose frames can be decoded; copy it again from its source"
    if decoder.damage is not None:
        return f"of which no frame came ({decoder.damage}); check its source"
    return "without a frame; copy it again from its source"
