"""How trips through videos are put together."""

import pytest

from bdnet.benchmarks.trips import Leg, Trip, Trips


def leg(contender: str, interval: int, *seconds: float, network: float, alone: float) -> Leg:
    trips = tuple(Trip(decoding, network, 0.5) for decoding in seconds)
    return Leg("resnet18", contender, interval, trips, (alone,) * len(seconds))


SINGLE = leg("single_frame", 1, 1.0, 2.0, 4.0, network=0.9, alone=0.1)
FIVE = leg("bdnet", 5, 0.2, 0.6, 1.0, network=0.05, alone=0.1)
TEN = leg("bdnet", 10, 0.1, 0.2, 0.4, network=0.05, alone=0.04)


def test_ratios_are_those_of_the_same_round():
    trips = Trips([SINGLE, FIVE], {}, {})
    assert trips.relative(SINGLE) == (1.0, 1.0, 1.0)
    assert trips.relative(FIVE) == pytest.approx((0.2, 0.3, 0.25))
    assert FIVE.seconds() == 0.6


def test_the_bottleneck_is_what_takes_longer_by_itself():
    assert (SINGLE.bottleneck(), FIVE.bottleneck(), TEN.bottleneck()) == (
        "network", "decoder", "network",
    )  # fmt: skip


def test_table_and_record_say_the_same():
    trips = Trips([SINGLE, FIVE, TEN], {}, {})
    *_, five, ten = trips.table().splitlines()
    assert five == (
        "| resnet18 | bdnet | 5 | 0.6000 | 1.667 | 0.250 | 0.200 to 0.300 | 0.64 | 0.0500 | 0.1000 "
        "| decoder |"
    )
    assert "|  |" in ten  # the paper has none at this interval
    record = trips.record()["trips"][1]
    assert record["relative"] == trips.relative(FIVE)
    assert record["trips"][0] == {"whole": 0.2, "network": 0.05, "decode": 0.5}
