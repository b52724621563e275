"""What `python -m bdnet.benchmark target=model` wrote, for tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bdnet.reports.cost import Comparison, restored
from bdnet.reports.tables.errors import BadRuns
from bdnet.system.files import read_json

COMMAND = "python -m bdnet.benchmark target=model"


class Benchmark(NamedTuple):
    """One file.

    machine:     what it was measured on
    facts:       size, precision and the like
    comparisons: by backbone
    """

    path: Path
    machine: dict[str, Any]
    facts: dict[str, Any]
    comparisons: dict[str, Comparison]


def read_benchmarks(paths: Sequence[str]) -> list[Benchmark]:
    """Refuses a backbone that two files have: its ratios hold within one measurement."""
    benchmarks = [_read(Path(path)) for path in paths]
    owners: dict[str, Path] = {}
    for benchmark in benchmarks:
        for backbone in benchmark.comparisons:
            if backbone in owners:
                raise BadRuns(
                    f"{owners[backbone]} and {benchmark.path} both have {backbone}, and seconds of "
                    "different measurements do not compare; say costs=FILE with one of them"
                )
            owners[backbone] = benchmark.path
    return benchmarks


def _read(path: Path) -> Benchmark:
    found = read_json(path)
    unit = found.get("unit")
    if unit != "s/frame":
        raise BadRuns(f"{path}: unit {unit}, not s/frame; say costs=FILE that {COMMAND} wrote")
    try:
        comparisons = {name: restored(name, record) for name, record in found["costs"].items()}
        return Benchmark(path, dict(found["machine"]), dict(found["facts"]), comparisons)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRuns(
            f"{path}: lacks or garbles {error}; it comes from another version: "
            f"measure again ({COMMAND})"
        ) from error
