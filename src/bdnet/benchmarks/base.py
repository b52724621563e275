"""Measuring: contenders take turns, so that a change of the machine's mood hits all of them."""

import os
import platform
import statistics
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tqdm import tqdm

from bdnet.system.machine import cores

PACKAGES = ("bdnet", "torch", "av", "numpy", "opencv-python-headless", "albumentations")


class Measurement(Protocol):
    """What a target measured; facts say on what, notes what else was found."""

    @property
    def facts(self) -> dict[str, Any]: ...

    @property
    def notes(self) -> dict[str, Any]: ...

    def record(self) -> dict[str, Any]:
        """Every figure, for JSON."""

    def table(self) -> str:
        """Their medians and spread, in Markdown."""


class Timing(NamedTuple):
    """A contender and its figures, one of each repeat."""

    name: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)


class Rates(NamedTuple):
    """A measurement of units per second."""

    unit: str
    rows: list[Timing]
    facts: dict[str, Any]
    notes: dict[str, Any]

    def record(self) -> dict[str, Any]:
        return {"unit": self.unit, "rates": {row.name: row.values for row in self.rows}}

    def table(self) -> str:
        """The last column is the ratio to the first row."""
        first = self.rows[0].median
        lines = [f"| | {self.unit} | lowest to highest | relative |", "|---|---|---|---|"]
        for row in self.rows:
            spread = f"{min(row.values):.1f} to {max(row.values):.1f}"
            lines.append(f"| {row.name} | {row.median:.1f} | {spread} | {row.median / first:.2f} |")
        return "\n".join(lines)


class Target(Protocol):
    """Something that can be measured."""

    def measure(self, repeats: int) -> Measurement: ...


def take_turns(contenders: Mapping[str, Callable[[], float]], repeats: int) -> list[Timing]:
    """Runs every contender once in vain and then in `repeats` rounds; each returns its figure."""
    values: dict[str, list[float]] = {name: [] for name in contenders}
    with tqdm(total=(repeats + 1) * len(contenders), desc="measure", unit="run") as bar:
        for repeat in range(repeats + 1):
            for name, run in contenders.items():
                value = run()
                if repeat:  # the first round warms the file cache and the libraries
                    values[name].append(value)
                bar.update()
    return [Timing(name, tuple(found)) for name, found in values.items()]


def machine() -> dict[str, Any]:
    """Processor, cores, memory and the versions that decide speed."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "python": platform.python_version(),
        **{name: found for name in PACKAGES if (found := _version(name))},
    }


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
