"""Keeping up with a camera, and whether acceleration is worth its cost."""

import logging
import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np

from bdnet.inference.accelerate.propagation import has_motion
from bdnet.types import Frame, Segmentation

REMEMBERED = 10_000  # frames whose latency is known
LONGEST = 100  # frames that a keyframe waits for a busy network
CALLS = 5  # of the network, until its speed is known
MARGIN = 0.9  # of the time, since measured times vary

log = logging.getLogger(__name__)


class Latency(NamedTuple):
    """Seconds from a frame's arrival to its labels, of the last 10,000 frames."""

    frames: int
    p50: float
    p99: float
    maximum: float

    def __str__(self) -> str:
        p50, p99, maximum = (1000 * seconds for seconds in self[1:])
        return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, maximum {maximum:.0f} ms"


class Live:
    """Chooses keyframes that the network has time for: while frames wait, they skip the network.

    frame     0   1   2   3   4   5   6
    due       x       x       x       x      every other one
    network   |-----------|       |------    reads frames 0 and 5, which nothing waits before
    """

    def __init__(self, is_due: Callable[[Frame], bool]) -> None:
        self._is_due = is_due
        self._keys: set[int] = set()
        self._asked = self._labelled = self._waited = 0
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)

    def wants(self, all_images: bool) -> Callable[[Frame], bool]:
        """The rule that a reader asks about every frame, once and in order, when it is decoded."""

        def wants(frame: Frame) -> bool:
            is_key = self._choose(frame)
            if is_key:
                self._keys.add(frame.index)
            return is_key or all_images

        return wants

    def is_key(self, frame: Frame) -> bool:
        """Whether a frame was chosen."""
        return frame.index in self._keys

    def _choose(self, frame: Frame) -> bool:
        is_idle = self._labelled == self._asked
        self._asked += 1
        if self._is_due(frame) or self._waited:
            self._waited += 1
        must = not has_motion(frame.motion, frame.valid) or self._waited > LONGEST
        if must or (self._waited and is_idle):
            self._waited = 0
            return True
        return False

    def add(self, frame: Frame) -> None:
        """Notes that a frame has its labels."""
        self._labelled += 1
        self._keys.discard(frame.index)
        self._seconds.append(time.perf_counter() - frame.arrived)

    @property
    def latency(self) -> Latency | None:
        """None before the first frame."""
        seconds = list(self._seconds)
        if not seconds:
            return None
        return Latency(self._labelled, *np.percentile(seconds, [50, 99, 100]).tolist())


class SpeedCheck:
    """Logs once, after a few keyframes, if the network on every frame would be faster."""

    def __init__(self, name: str, is_searched: bool) -> None:
        self.name, self.is_searched = name, is_searched
        self._frames: list[Segmentation] | None = []
        self._calls = 0

    def add(self, frame: Segmentation) -> None:
        if self._frames is None:
            return
        self._calls += frame.is_key
        if self._calls:  # what comes before the first one costs nothing
            self._frames.append(frame._replace(frame=frame.frame._replace(image=None)))
        if self._calls == CALLS:
            self._compare(self._frames)
            self._frames = None

    def _compare(self, frames: list[Segmentation]) -> None:
        _, *frames = frames  # the first call is slower
        decode = median(frame.seconds.decode for frame in frames)
        # medians, since other work may interrupt any frame
        network, between = (
            median([frame.seconds.network for frame in frames if frame.is_key == is_key] or [0.0])
            for is_key in (True, False)
        )
        share = sum(frame.is_key for frame in frames) / len(frames)
        labels = share * network + (1 - share) * between
        accelerated = max(decode, labels)
        # decoding alone takes a part of what decoding and searching take
        every = network if self.is_searched else max(network, decode)
        if every < MARGIN * accelerated:
            log.warning(
                "%s: the network on every frame would be faster: it takes about %.1f ms, and "
                "acceleration %.1f ms per frame (decoding%s %.1f, labels %.1f)",
                self.name,
                1000 * every,
                1000 * accelerated,
                " and search" if self.is_searched else "",
                1000 * decode,
                1000 * labels,
            )
