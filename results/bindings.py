"""Numbers in documents that are bound to a measure, and written anew by `make results`.

    <!-- value: streets_short table2/inner - table2/single_frame avg_k; signed -->+1.03 ± 0.33<!-- / -->
    <!-- value: benchmarks/table1 costs/resnet18/bdnet/mean at interval 5/relative -->0.27<!-- / -->
    <!-- table: pipeline -->
    <!-- / -->

The first kind names a study (results/streets_short.csv), one experiment or the difference of two (seed by seed, as everywhere),
and a measure. It is printed in %, as mean ± standard deviation over seeds. The second names a file of results/benchmarks and a
path in it; a list there counts as its median, and `A : B` is a ratio. Options follow a semicolon:

    signed           with its sign            loss        with the opposite sign
    mean, deviation  only that                digits=1    decimals (2 if left out)
    seeds            how many                 backbone=   where a study has several
    seed=0           of this seed             share       as a share of 1, not in %
    percent          a share of a benchmark in %
    wins             how many runs have a positive difference; the first experiment may be a pattern: candidates/*
"""

import fnmatch
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
Seeds = Mapping[int, FinishedRun]


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
    """A mean over seeds, a paired difference, or a count of either."""
    *experiments, measure = words
    first, *second = (word for word in experiments if word != "-")
    if "wins" in options:
        runs = {run.experiment for run in study(name) if run.experiment != second[0]}
        matches = fnmatch.filter(sorted(filter(None, runs)), first)
        pairs = [
            pair for row in matches for pair in _differences(name, [row, *second], measure, options)
        ]
        return str(sum(pair > 0 for pair in pairs))
    differences = _differences(name, [first, *second], measure, options)
    return str(len(differences)) if "seeds" in options else _printed(differences, options)


def _differences(
    name: str, experiments: list[str], measure: str, options: Mapping[str, str]
) -> list[float]:
    ours, *others = (_seeds(name, experiment, options) for experiment in experiments)
    common = [seed for seed in ours if all(seed in seeds for seeds in others)]
    if "seed" in options:
        common = [int(options["seed"])]
    values = [measures(ours[seed].scores)[measure] for seed in common]
    for seeds in others:
        values = [
            a - measures(seeds[seed].scores)[measure]
            for a, seed in zip(values, common, strict=True)
        ]
    return values


def _seeds(name: str, experiment: str, options: Mapping[str, str]) -> Seeds:
    runs = [run for run in study(name) if run.experiment == experiment]
    backbones = sorted({run.backbone for run in runs})
    backbone = options.get("backbone") or (backbones[0] if len(backbones) == 1 else None)
    if backbone is None:
        raise ValueError(f"{experiment} has the backbones {', '.join(backbones) or 'none'}")
    seeds = {run.seed: run for run in runs if run.backbone == backbone}
    if not seeds:
        raise ValueError(f"no {experiment} on {backbone}")
    return seeds


def _printed(values: list[float], options: Mapping[str, str]) -> str:
    digits = int(options.get("digits", 2))
    scale = (1 if "share" in options else 100) * (-1 if "loss" in options else 1)
    mean = scale * statistics.fmean(values)
    deviation = abs(scale) * statistics.stdev(values) if len(values) > 1 else None
    if "deviation" in options:
        return f"{deviation:.{digits}f}"
    text = f"{mean:{'+' if 'signed' in options else ''}.{digits}f}"
    return text if deviation is None or "mean" in options else f"{text} ± {deviation:.{digits}f}"


@functools.cache
def benchmark(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def ratio(name: str, path: str) -> float:
    numbers = [at(benchmark(name), part.strip().split("/")) for part in path.split(" : ")]
    return numbers[0] if len(numbers) == 1 else numbers[0] / numbers[1]


def at(node: Any, keys: list[str]) -> float:
    """What lies at a path; of a list of records, those that have the key as a value."""
    for key in keys:
        if isinstance(node, list):
            node = [record for record in node if key in map(str, record.values())]
            node = node[0] if len(node) == 1 else node
        else:
            node = node[key]
    return float(statistics.median(node) if isinstance(node, list) else node)
