"""What a frame of a video costs on its way from the file to its label map."""

import statistics
from typing import Any, NamedTuple

from bdnet.reports.cost import BASELINE, INTERVAL, published

HEADS = (
    "backbone", "network", "keyframe every", "s/frame", "frames/s", "relative",
    "lowest to highest", "paper", "network, s", "decoder alone, s", "bottleneck",
)  # fmt: skip


class Trip(NamedTuple):
    """Seconds per frame of one pass through a video.

    whole:   from one label map to the next
    network: of these, what the network's thread was at work for
    decode:  what the decoder's thread was at work for, beside it
    """

    whole: float
    network: float
    decode: float


class Leg(NamedTuple):
    """A network on its way through a video: the trips of all rounds.

    alone:    decoding what this network reads, with nothing beside it, in the same rounds
    interval: from keyframe to keyframe; 1 of the network that has none but those
    """

    backbone: str
    contender: str
    interval: int
    trips: tuple[Trip, ...]
    alone: tuple[float, ...]

    def seconds(self) -> float:
        return statistics.median(trip.whole for trip in self.trips)

    def bottleneck(self) -> str:
        """What would have to be faster for the whole to be."""
        network = statistics.median(trip.network for trip in self.trips)
        return "network" if network > statistics.median(self.alone) else "decoder"


class Trips(NamedTuple):
    """A measurement of whole pipelines; see `Measurement`."""

    legs: list[Leg]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def relative(self, leg: Leg) -> tuple[float, ...]:
        """To the single-frame network on the same backbone, round by round."""
        (single,) = (each for each in self.legs if each[:2] == (leg.backbone, BASELINE))
        return tuple(a.whole / b.whole for a, b in zip(leg.trips, single.trips, strict=True))

    def record(self) -> dict[str, Any]:
        return {
            "unit": "s/frame from file to label map",
            "trips": [
                {
                    **leg._asdict(),
                    "trips": [trip._asdict() for trip in leg.trips],
                    "relative": self.relative(leg),
                    "bottleneck": leg.bottleneck(),
                }
                for leg in self.legs
            ],
        }

    def table(self) -> str:
        lines = [
            f"| {' | '.join(HEADS)} |",
            f"|{'---|' * len(HEADS)}",
        ]
        for leg in self.legs:
            relative = self.relative(leg)
            paper = published(leg.contender, leg.backbone) if leg.interval == INTERVAL else None
            cells = (
                leg.backbone,
                leg.contender,
                str(leg.interval),
                _digits(leg.seconds()),
                f"{1 / leg.seconds():.4g}",
                f"{statistics.median(relative):.3f}",
                f"{min(relative):.3f} to {max(relative):.3f}",
                "" if paper is None else f"{paper:.2f}",
                _digits(statistics.median(trip.network for trip in leg.trips)),
                _digits(statistics.median(leg.alone)),
                leg.bottleneck(),
            )
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)


def _digits(seconds: float) -> str:
    return f"{seconds:.4f}"
