"""What a frame of a video costs from the file to its label map."""

from statistics import median
from typing import Any, NamedTuple

from bdnet.benchmarks.base import markdown
from bdnet.reports.cost import BASELINE, INTERVAL, published

HEADS = (
    "backbone", "network", "keyframe every", "s/frame", "frames/s", "relative",
    "lowest to highest", "paper", "network, s", "decoder alone, s", "bottleneck",
)  # fmt: skip


class Trip(NamedTuple):
    """Seconds per frame of one pass through a video.

    whole:   from one label map to the next
    network: the network's thread was busy
    decode:  the decoder's thread, beside it, was busy
    """

    whole: float
    network: float
    decode: float


class Leg(NamedTuple):
    """A network's passes through a video, of all rounds.

    alone:    decoding the frames that this network reads, with nothing beside it, in these rounds
    interval: from keyframe to keyframe; 1 where every frame is a keyframe
    """

    backbone: str
    contender: str
    interval: int
    trips: tuple[Trip, ...]
    alone: tuple[float, ...]

    def seconds(self) -> float:
        return median(trip.whole for trip in self.trips)

    def network_seconds(self) -> float:
        return median(trip.network for trip in self.trips)

    def bottleneck(self) -> str:
        """The slower of network and decoder."""
        return "network" if self.network_seconds() > median(self.alone) else "decoder"


class Trips(NamedTuple):
    """A measurement of whole pipelines; see `Measurement`."""

    legs: list[Leg]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def relative(self, leg: Leg) -> tuple[float, ...]:
        """To the single-frame network on the same backbone, round by round."""
        (single,) = (peer for peer in self.legs if peer[:2] == (leg.backbone, BASELINE))
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
        return markdown(HEADS, map(self._row, self.legs))

    def _row(self, leg: Leg) -> tuple[str, ...]:
        relative = self.relative(leg)
        paper = published(leg.contender, leg.backbone) if leg.interval == INTERVAL else None
        return (
            leg.backbone,
            leg.contender,
            str(leg.interval),
            f"{leg.seconds():.4f}",
            f"{1 / leg.seconds():.4g}",
            f"{median(relative):.3f}",
            f"{min(relative):.3f} to {max(relative):.3f}",
            "" if paper is None else f"{paper:.2f}",
            f"{leg.network_seconds():.4f}",
            f"{median(leg.alone):.4f}",
            leg.bottleneck(),
        )
