"""Measuring: contenders take turns, so that a change of the machine's mood hits all of them."""

import os
import platform
import statistics
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tqdm import tqdm

PACKAGES = ("bdnet", "torch", "av", "numpy", "opencv-python-headless", "albumentations")


class Row(NamedTuple):
    """A contender's rates: units per second, one of each repeat."""

    name: str
    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rates)


class Measurement(NamedTuple):
    """What a target measured; facts say on what, notes what else was found."""

    unit: str
    rows: list[Row]
    facts: dict[str, Any]
    notes: dict[str, Any]


class Target(Protocol):
    """Something that can be measured."""

    def measure(self, repeats: int) -> Measurement: ...


def take_turns(contenders: Mapping[str, Callable[[], float]], repeats: int) -> list[Row]:
    """Runs every contender once untimed and then `repeats` rounds; each returns its rate."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    with tqdm(total=(repeats + 1) * len(contenders), desc="measure", unit="run") as bar:
        for repeat in range(repeats + 1):
            for name, run in contenders.items():
                rate = run()
                if repeat:  # the first round warms the file cache and the libraries
                    rates[name].append(rate)
                bar.update()
    return [Row(name, tuple(found)) for name, found in rates.items()]


def machine() -> dict[str, Any]:
    """Processor, cores, memory and the versions that decide speed."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "python": platform.python_version(),
        **{name: found for name in PACKAGES if (found := _version(name))},
    }


def table(measurement: Measurement) -> str:
    """Markdown: median, spread, and the ratio to the first row."""
    first = measurement.rows[0].median
    lines = [f"| | {measurement.unit} | lowest to highest | relative |", "|---|---|---|---|"]
    for row in measurement.rows:
        spread = f"{min(row.rates):.1f} to {max(row.rates):.1f}"
        lines.append(f"| {row.name} | {row.median:.1f} | {spread} | {row.median / first:.2f} |")
    return "\n".join(lines)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
