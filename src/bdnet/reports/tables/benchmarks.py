"""Seconds that `python -m bdnet.benchmark target=model` measured, for tables."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from pandas import DataFrame, MultiIndex

from bdnet.reports.cost import Comparison, restored
from bdnet.reports.tables.errors import BadRuns
from bdnet.system.files import read_json

COMMAND = "python -m bdnet.benchmark target=model"
MACHINE = ("processor", "cores", "torch")
NETWORK = ("precision", "layout", "threads", "size", "classes")
COSTS = [
    *("rounds", "seconds_median", "seconds_lowest", "seconds_highest"),
    *("relative_median", "relative_lowest", "relative_highest", "gflops"),
]


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
    files: dict[str, Path] = {}
    for benchmark in benchmarks:
        for backbone in benchmark.comparisons:
            if backbone in files:
                raise BadRuns(
                    f"{files[backbone]} and {benchmark.path} both have {backbone}, and seconds of "
                    "different measurements do not compare; use costs=FILE with one of them"
                )
            files[backbone] = benchmark.path
    return benchmarks


def _read(path: Path) -> Benchmark:
    content = read_json(path)
    unit = content.get("unit")
    if unit != "s/frame":
        raise BadRuns(f"{path}: unit {unit}, not s/frame; use costs=FILE that {COMMAND} wrote")
    try:
        comparisons = {name: restored(name, record) for name, record in content["costs"].items()}
        return Benchmark(path, dict(content["machine"]), dict(content["facts"]), comparisons)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRuns(
            f"{path}: {error} is missing or has the wrong form; it comes from another version: "
            f"measure again ({COMMAND})"
        ) from error


def seconds_per_frame(benchmarks: Sequence[Benchmark], interval: int) -> DataFrame:
    """By backbone and contender: seconds, and their ratio to the single-frame network."""
    cells, index = [], []
    for benchmark in benchmarks:
        for backbone, comparison in benchmark.comparisons.items():
            for contender in comparison.networks:
                cost = comparison.mean(contender, interval)
                cell = {"rounds": len(cost.seconds), "gflops": cost.gflops}
                rounds = {"seconds": cost.seconds, "relative": comparison.relative(cost)}
                for name, values in rounds.items():
                    cell[f"{name}_median"] = median(values)
                    cell[f"{name}_lowest"], cell[f"{name}_highest"] = min(values), max(values)
                cells.append(cell)
                index.append((backbone, contender))
    rows = MultiIndex.from_tuples(index, names=["backbone", "contender"])
    return DataFrame(cells, rows, COSTS).astype({"rounds": "Int64"})


def cost_notes(
    benchmarks: Sequence[Benchmark], interval: int, backbones: Collection[str]
) -> Iterator[str]:
    """How seconds were measured, and on what."""
    if not benchmarks:
        yield f"Seconds: not measured; {COMMAND}, then costs=FILE that it writes."
        return
    yield (
        f"s/frame: from pixels to label map, without decoding, mean over the {interval} frames of "
        "an interval; relative: to the single-frame network on the same backbone in the same "
        "round; both are medians over the rounds."
    )
    for benchmark in benchmarks:
        yield f"{benchmark.path}: {', '.join(_conditions(benchmark))}."
        further = [name for name in benchmark.comparisons if name not in backbones]
        if further:
            yield f"{benchmark.path} has {', '.join(further)} too, of which there are no runs."


def _conditions(benchmark: Benchmark) -> Iterator[str]:
    if gpu := benchmark.facts.get("GPU"):
        yield str(gpu)
    for source, names in ((benchmark.machine, MACHINE), (benchmark.facts, NETWORK)):
        yield from (f"{name} {source[name]}" for name in names if name in source)
    for backbone, comparison in benchmark.comparisons.items():
        rounds = {len(frames.key.seconds) for frames in comparison.networks.values()}
        yield f"{' or '.join(map(str, sorted(rounds)))} rounds on {backbone}"
