"""Runs an accelerated network over a whole video, which is decoded beside it."""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing

from bdnet.codec import VideoReader
from bdnet.codec.container import TIMEOUT
from bdnet.codec.pictures import Video as Source
from bdnet.codec.pixels import Pixels
from bdnet.codec.search import Motion, Search
from bdnet.inference.accelerate.live import Latency, Live, SpeedCheck
from bdnet.inference.accelerate.streams import Stream, restarting
from bdnet.inference.streaming import AHEAD, FrameImages, Segmentations, has_image, read_ahead
from bdnet.keyframes.base import Keyframes
from bdnet.types import Frame, Seconds, Segmentation

WAITING = 250  # frames of a camera that wait while the network works on a keyframe

log = logging.getLogger(__name__)


class Video(Segmentations):
    """A video that an accelerated network labels; iterate over it once, and close it.

    images:  the frames that have an image: those that the network reads, or all
    strict:  refuse damage, and with motion=stream streams that are not clean, instead of reading
             them as well as possible
    threads: of the decoder, 0 for one per core
    batch:   keyframes per call of the network
    motion:  stream, search or auto, as in VideoReader
    search:  default, or fast at half the size
    live:    the network skips keyframes for which it has no time
    timeout: seconds to wait for a URL or a camera
    track:   number of a file's video track, from 0; None: the default one
    """

    def __init__(
        self,
        stream: Stream,
        keyframes: Keyframes,
        video: Source,
        images: FrameImages = "read",
        strict: bool = False,
        threads: int = 0,
        batch: int = 1,
        motion: Motion = "auto",
        search: Search | str = "default",
        live: bool = False,
        timeout: float = TIMEOUT,
        track: int | None = None,
    ) -> None:
        self.stream, self.batch = stream, batch
        self._is_key: Callable[[Frame], bool] = restarting(keyframes)
        self._live = Live(self._is_key) if live else None
        pixels: Pixels = "all"
        if self._live is not None:
            # frame threads of a decoder and batches hold frames back
            threads = self.batch = 1
            pixels, self._is_key = self._live.wants(images == "all"), self._live.is_key
        elif images == "read":
            # the decoder applies the rule, ahead of the network: keyframes have an image
            pixels = self._is_key if keyframes.chooses_any_frame else "intra"
            self._is_key = has_image
        reader = VideoReader(
            video,
            pixels,
            strict,
            threads,
            upright=True,
            motion=motion,
            search=search,
            timeout=timeout,
            track=track,
        )
        self._speed = SpeedCheck(reader.path, reader.search is not None)
        super().__init__(reader)

    @property
    def latency(self) -> Latency | None:
        """From the frames' arrival to their labels, of a live video."""
        return None if self._live is None else self._live.latency

    def _segment(self) -> Generator[Segmentation, None, None]:
        ahead = AHEAD if self._live is None else WAITING
        with closing(iter(self.reader)) as frames, closing(read_ahead(frames, ahead)) as decoded:
            for segmentation in self._labelled(decoded):
                if self._live is not None:
                    self._live.add(segmentation.frame)
                self._speed.add(segmentation)
                yield segmentation
        if self._live is not None:
            log.info("%s: from arrival to labels %s", self.reader.path, self._live.latency)

    def _labelled(
        self, decoded: Generator[tuple[Frame, float], None, None]
    ) -> Generator[Segmentation, None, None]:
        waiting: list[tuple[Frame, float, bool]] = []
        keys = 0
        for frame, seconds in decoded:
            is_key = self._is_key(frame)
            waiting.append((frame, seconds, is_key))
            keys += is_key
            if self.stream.size is None:
                self.stream.size = self.reader.height, self.reader.width
            if keys in (0, self.batch):
                yield from self._label(waiting)
                waiting, keys = [], 0
        yield from self._label(waiting)

    def _label(
        self, waiting: list[tuple[Frame, float, bool]]
    ) -> Generator[Segmentation, None, None]:
        begin = time.perf_counter()
        keys = [frame for frame, _, is_key in waiting if is_key]
        outputs = iter(self.stream.ask(keys) if keys else [])
        share = (time.perf_counter() - begin) / max(1, len(keys))
        for frame, decode, is_key in waiting:
            output = next(outputs) if is_key else None
            yield self.stream.label(frame, output, Seconds(decode, share if is_key else 0.0))
