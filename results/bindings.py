"""Numbers in documents, bound to a measure and written anew by `make results`.

    <!-- value: streets_short table2/inner - table2/single_frame avg_k; signed -->?<!-- / -->
    <!-- value: benchmarks/table1 costs/resnet18/bdnet/mean at interval 5/relative -->?<!-- / -->
    <!-- table: pipeline --><!-- / -->

The first names a study (results/streets_short.csv), an experiment or the difference of two, seed
by seed, and a measure; printed is its mean in % ± the standard deviation over seeds. The second
names a file of results/benchmarks and a path in it: a list counts as its median, `A : B` is a
ratio. Options follow a semicolon:

    signed      with its sign                 loss       with the opposite sign
    mean        without deviation             digits=1   decimals, 2 if left out
    seeds       how many seeds                wins       how many seeds have a positive difference
    seed=0      of this seed alone            percent    a share of a benchmark in %
    backbone=   where a study has several
"""

import functools
import json
import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bdnet.reports.tables.collect import FinishedRun, collect
from bdnet.reports.tables.measures import measures

FOLDER = Path("results")
MARKER = re.compile(r"(<!-- (value|table): (.*?) -->)(.*?)(<!-- / -->)", re.DOTALL)


class Unbound(Exception):
    """A marker that names nothing."""


def filled(text: str, tables: Mapping[str, str]) -> str:
    """The text with what stands between its markers written anew."""

    def content(match: re.Match[str]) -> str:
        opening, kind, name, _, closing = match.groups()
        try:
            new = f"\n\n{tables[name]}\n\n" if kind == "table" else value(name)
        except (KeyError, ValueError, IndexError, TypeError, OSError) as error:
            raise Unbound(f"{opening}: {type(error).__name__} {error}") from error
        return f"{opening}{new}{closing}"

    return MARKER.sub(content, text)


def value(name: str) -> str:
    """What a marker of the kind `value` stands for."""
    source, _, rest = name.partition(" ")
    path, _, words = rest.partition(";")
    options = dict(word.partition("=")[::2] for word in words.split())
    if source.startswith("benchmarks/"):
        number = ratio(source, path.strip()) * (100 if "percent" in options else 1)
        return f"{number:.{options.get('digits', '2')}f}"
    return measured(source, path.split(), options)


@functools.cache
def study(name: str) -> list[FinishedRun]:
    return collect(FOLDER / f"{name}.csv").finished


def measured(name: str, words: list[str], options: Mapping[str, str]) -> str:
    """Over the seeds of an experiment, or over the pairs of two: mean and deviation, or a count."""
    *experiments, measure = (word for word in words if word != "-")
    ours, *others = (seeds_of(name, experiment, options) for experiment in experiments)
    seeds = [seed for seed in ours if all(seed in runs for runs in others)]
    if "seed" in options:
        seeds = [int(options["seed"])]
    values = [ours[seed][measure] for seed in seeds]
    for runs in others:
        values = [a - runs[seed][measure] for a, seed in zip(values, seeds, strict=True)]
    if "seeds" in options:
        return str(len(values))
    if "wins" in options:
        return str(sum(value > 0 for value in values))
    scale = -100 if "loss" in options else 100
    digits = options.get("digits", "2")
    mean = f"{scale * statistics.fmean(values):{'+' if 'signed' in options else ''}.{digits}f}"
    if len(values) == 1 or "mean" in options:
        return mean
    return f"{mean} ± {100 * statistics.stdev(values):.{digits}f}"


def seeds_of(name: str, experiment: str, options: Mapping[str, str]) -> dict[int, dict[str, Any]]:
    """The measures of an experiment by seed."""
    runs = [run for run in study(name) if run.experiment == experiment]
    backbones = sorted({run.backbone for run in runs})
    if len(backbones) != 1 and options.get("backbone") not in backbones:
        raise ValueError(f"{experiment} has the backbones {', '.join(backbones) or 'none'}")
    backbone = options.get("backbone", backbones[0])
    return {run.seed: measures(run.scores) for run in runs if run.backbone == backbone}


@functools.cache
def benchmark(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def ratio(name: str, path: str) -> float:
    numbers = [at(benchmark(name), part.strip().split("/")) for part in path.split(" : ")]
    return numbers[0] if len(numbers) == 1 else numbers[0] / numbers[1]


def at(node: Any, keys: list[str]) -> float:
    """What lies at a path; a list is entered by a value of its records, or by a number."""
    for key in keys:
        if isinstance(node, list) and isinstance(node[0], dict):
            node = [record for record in node if key in map(str, record.values())]
            node = node[0] if len(node) == 1 else node
        else:
            node = node[int(key) if isinstance(node, list) else key]
    return float(statistics.median(node) if isinstance(node, list) else node)
