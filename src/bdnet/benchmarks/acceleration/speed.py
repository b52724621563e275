"""Seconds of networks on every frame of a video and accelerated, from the file to label maps."""

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from bdnet.benchmarks.acceleration.stand_in import StandIn, made, street_scores
from bdnet.benchmarks.base import CannotMeasure, markdown, street, take_turns
from bdnet.data.streets import CLASSES
from bdnet.inference.accelerate import accelerate
from bdnet.types import Segmentation

NOTHING = "no network"

NOTES = {
    "relative": "seconds accelerated : on every frame, round by round; decoding and label maps of "
    "the video's size included",
    "CPU": "the same ratio in seconds of all processor cores, which other work hardly changes",
    "labels": "the scores of a network with random weights are replaced by a street's, so that "
    "label maps are as busy as real ones",
}


class Rounds(NamedTuple):
    """Seconds per frame of each round, by the clock and of all cores."""

    seconds: list[float]
    cpu: list[float]


class Row(NamedTuple):
    """A network on every frame, and accelerated."""

    name: str
    every: Rounds
    fast: Rounds

    def relative(self, kind: str) -> list[float]:
        """Accelerated : every frame, round by round; kind: seconds or cpu."""
        pairs = zip(getattr(self.fast, kind), getattr(self.every, kind), strict=True)
        return [fast / every for fast, every in pairs]


class Speeds(NamedTuple):
    """The last row is without any network; see `Measurement`."""

    rows: list[Row]
    interval: int
    facts: dict[str, Any]
    notes: dict[str, Any]

    @property
    def pays_from(self) -> float:
        """CPU seconds per frame that a network takes where acceleration saves nothing.

        A network of n seconds costs n + e on every frame, and n / k + o accelerated.
        """
        nothing = self.rows[-1]
        overhead = np.median(nothing.fast.cpu) - np.median(nothing.every.cpu)
        return float(max(0.0, overhead) * self.interval / (self.interval - 1))

    def record(self) -> dict[str, Any]:
        speeds = {
            row.name: {
                "every": row.every._asdict(),
                "accelerated": row.fast._asdict(),
                "relative": row.relative("seconds"),
                "relative_cpu": row.relative("cpu"),
            }
            for row in self.rows
        }
        return {"unit": "s/frame", "speeds": speeds, "pays_from_cpu_seconds": self.pays_from}

    def table(self) -> str:
        heads = ["network", "s/frame, every frame", f"s/frame, every {self.interval}", "relative",
                 "lowest", "highest", "relative, CPU"]  # fmt: skip
        rows = []
        for row in self.rows:
            relative = row.relative("seconds")
            ratios = np.median(relative), min(relative), max(relative)
            figures = np.median(row.every.seconds), np.median(row.fast.seconds), *ratios
            cpu = np.median(row.relative("cpu"))
            rows.append([row.name, *(f"{figure:.3f}" for figure in (*figures, cpu))])
        pays = f"Acceleration pays for a network of more than {self.pays_from:.3f} CPU s/frame."
        return f"{markdown(heads, rows)}\n\n{pays}"


class AccelerationSpeed:
    """Times torchvision's segmentation networks, with random weights, on rendered streets.

    networks: their names in torchvision
    interval: of the accelerated ones
    frames:   timed in each round on every frame; accelerated it is one interval
    options:  of `accelerate`, such as quality
    """

    def __init__(
        self,
        networks: list[str],
        interval: int,
        cache: str,
        height: int,
        width: int,
        codec_interval: int,
        frames: int = 1,
        threads: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if interval < 2:
            raise CannotMeasure(f"interval={interval}: from 2 on; every frame is measured anyhow")
        self.networks, self.interval, self.frames = networks, interval, frames
        self.cache, self.size, self.codec_interval = Path(cache), (height, width), codec_interval
        self.threads, self.options = threads, dict(options or {})

    def measure(self, repeats: int) -> Speeds:
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        length = 2 * max(self.interval, self.frames) + 8
        video = street(self.cache, *self.size, length, self.codec_interval)
        scores = street_scores(*self.size)
        rounds = {
            (name, interval): Rounds([], [])
            for name in [*self.networks, NOTHING]
            for interval in (1, self.interval)
        }
        networks = {name: None if name == NOTHING else made(name) for name, _ in rounds}
        turns = {
            f"{name} every {interval}": self._turn(
                video, StandIn(networks[name], scores), interval, result
            )
            for (name, interval), result in rounds.items()
        }
        take_turns(turns, repeats)
        rows = [
            # without the warm-up round
            Row(
                name, *(Rounds(*(part[1:] for part in rounds[name, k])) for k in (1, self.interval))
            )
            for name in networks
        ]
        height, width = self.size
        facts = {
            "pictures": f"{height}x{width}",
            "classes": len(CLASSES),
            "threads": torch.get_num_threads(),
            "options": self.options,
        }
        return Speeds(rows, self.interval, facts, NOTES)

    def _turn(
        self, video: Path, network: StandIn, interval: int, rounds: Rounds
    ) -> Callable[[], float]:
        options = self.options | ({"memory": 0} if interval == 1 else {})
        fast = accelerate(network, interval, **options)
        # the first interval only fills the memory
        lead, count = (1, self.frames) if interval == 1 else (interval, interval)

        def turn() -> float:
            network.is_on = False
            with fast.video(video) as frames:
                _take(frames, lead)
                network.is_on = True
                begin, cpu = time.perf_counter(), time.process_time()
                _take(frames, count)
                rounds.seconds.append((time.perf_counter() - begin) / count)
                rounds.cpu.append((time.process_time() - cpu) / count)
            return rounds.seconds[-1]

        return turn


def _without_first(rounds: Rounds) -> Rounds:
    return Rounds(rounds.seconds[1:], rounds.cpu[1:])


def _take(frames: Iterator[Segmentation], count: int) -> None:
    taken = sum(1 for _ in islice(frames, count))
    if taken < count:
        raise CannotMeasure(f"the video ends {count - taken} frames too early")
