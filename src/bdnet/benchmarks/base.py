"""Measuring: contenders take turns, so that a change of the machine's load hits all of them."""

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from tqdm import tqdm

from bdnet.codec import Encoding, VideoWriter
from bdnet.data.streets import StreetParameters, render
from bdnet.errors import BdnetError
from bdnet.system.machine import cores

PACKAGES = ("bdnet", "torch", "av", "numpy", "opencv-python-headless", "albumentations")


class CannotMeasure(BdnetError, ValueError):
    """A measurement that makes no sense, or is impossible on this machine."""


class Measurement(Protocol):
    """The result of a target; facts describe the setting, notes are further results."""

    @property
    def facts(self) -> dict[str, Any]: ...

    @property
    def notes(self) -> dict[str, Any]: ...

    def record(self) -> dict[str, Any]:
        """Every figure, for JSON."""

    def table(self) -> str:
        """Medians and spread, in Markdown."""


@runtime_checkable
class Pictured(Protocol):
    """A measurement that is better looked at."""

    def picture(self) -> bytes:
        """A PNG."""


class Target(Protocol):
    """Something that can be measured."""

    def measure(self, repeats: int) -> Measurement: ...


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
        rows = [
            (
                row.name,
                f"{row.median:.1f}",
                f"{min(row.values):.1f} to {max(row.values):.1f}",
                f"{row.median / first:.2f}",
            )
            for row in self.rows
        ]
        return markdown(["", self.unit, "lowest to highest", "relative"], rows)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])


def take_turns(contenders: Mapping[str, Callable[[], float]], repeats: int) -> list[Timing]:
    """Runs every contender in a warm-up round and in `repeats` others; each returns its figure."""
    values: dict[str, list[float]] = {name: [] for name in contenders}
    with tqdm(total=(repeats + 1) * len(contenders), desc="measure", unit="run") as bar:
        for repeat in range(repeats + 1):
            for name, run in contenders.items():
                value = run()
                if repeat:  # the first round warms the file cache and the libraries
                    values[name].append(value)
                bar.update()
    return [Timing(name, tuple(figures)) for name, figures in values.items()]


def street(cache: Path, height: int, width: int, frames: int, interval: int) -> Path:
    """A clean video of a drive through rendered streets, where none is given; rendered once."""
    path = cache / f"streets-{width}x{height}-{frames}-{interval}.mp4"
    if not path.exists():
        parameters = StreetParameters(height, width, frames)
        with VideoWriter(path, encoding=Encoding(interval=interval, crf=23)) as writer:
            drive = tqdm(render(parameters, 0), f"render {path}", frames, unit="frame")
            for image, _ in drive:
                writer.write(image)
    return path


def machine() -> dict[str, Any]:
    """Processor, cores, memory and the versions that decide speed."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "python": platform.python_version(),
        **{package: number for package in PACKAGES if (number := _version(package))},
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
