"""RESULTS.md: each of its tables is what `report` makes of the run folders in docs/results."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from bdnet.benchmarks.base import Rates, Timing
from bdnet.benchmarks.keyframes import Outcomes, RuleOutcome
from bdnet.benchmarks.trips import Leg, Trip, Trips
from bdnet.cli.application import conf_folder
from bdnet.reports.tables import figure
from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.errors import BadRuns
from bdnet.reports.tables.measures import Spread, measures, paired, spread
from networks import choices

ROOT = Path(__file__).parent.parent
STORED = ROOT / "docs/results"
# tables of other origin: by how their first line begins, where their numbers come from
OTHERS = {
    "| section | in one line |": "no numbers; test_documents.py follows its links",
    "| model | million parameters |": "tests/models/test_sizes.py",
    "| backbone | single-frame s |": "test_seconds_are_the_benchmarks",
    "| backbone | none | warped |": "test_seconds_are_the_benchmarks",
    "| backbone | network | keyframe every |": "test_other_measurements_are_the_stored_ones",
    "| keyframes | mIoU |": "test_other_measurements_are_the_stored_ones",
    "| | frames/s |": "test_other_measurements_are_the_stored_ones",
    "| | clips/s |": "test_other_measurements_are_the_stored_ones",
}
MEANS = ("avg_5", "avg_k", "avg", "last_k", "video_miou")  # what sentences speak of
Block = tuple[str, ...]  # the lines of a table


def blocks(text: str) -> Iterator[Block]:
    """The tables of a Markdown text."""
    for found in re.finditer(r"(?:^\|.*\n)+", text, re.MULTILINE):
        yield tuple(found[0].splitlines())


@pytest.fixture(scope="module")
def results() -> str:
    if not STORED.is_dir():
        pytest.skip("an installed package has no docs")
    return (ROOT / "RESULTS.md").read_text()


@pytest.fixture(scope="module")
def reports() -> list[str]:
    """Every table and figure of every folder that has runs of it."""
    wanted = [f"{kind}='{name}'" for kind in ("table", "figure") for name in choices(kind)]
    costs = [str(path.relative_to(ROOT)) for path in STORED.glob("cost/table1*.json")]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        configs = [compose("report", [each, f"costs={costs}"]) for each in wanted]
    reporters = [instantiate(each.table or each.figure, _convert_="all") for each in configs]
    fewer = {"absent": False, "_convert_": "all"}
    rows = [each.table for each in configs if each.table and each.table.name != "table1"]
    reporters += [instantiate(each, **fewer) for each in rows]
    reporters += [instantiate(each, **fewer, measures=["avg_5", "avg_k"]) for each in rows]
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure, "draw", lambda *_: {})
        patch.chdir(ROOT)  # tables name files as the commands do
        for folder in sorted(
            path for path in STORED.iterdir() if path.name not in ("cost", "measured")
        ):
            runs = collect(folder.relative_to(ROOT))
            for reporter in reporters:
                try:
                    made.append(reporter.report(runs, mixed=False).text)
                except BadRuns:
                    continue  # none of its runs are here, or not under one protocol
    return made


def test_every_table_is_what_report_makes_of_the_stored_runs(results: str, reports: list[str]):
    known = {block for text in reports for block in blocks(text)}
    ours = [each for each in blocks(results) if not each[0].startswith(tuple(OTHERS))]
    assert len(ours) > 20
    for block in ours:
        assert block in known, f"no report has this table:\n{chr(10).join(block)}"


def derived(folder: Path) -> Iterator[Spread | None]:
    """Over seeds: each experiment, and each two of one backbone and interval, seed by seed."""
    found: dict[tuple[str, int, str | None], dict[int, dict[str, float | None]]] = {}
    for run in collect(folder).finished:
        seeds = found.setdefault((run.backbone, run.interval, run.experiment), {})
        seeds[run.seed] = measures(run.scores)
    for (one, ours), (other, theirs) in itertools.product(found.items(), repeat=2):
        if one[:2] != other[:2]:
            continue
        for name in MEANS:
            values = {seed: each.get(name) for seed, each in ours.items()}
            others = {seed: each.get(name) for seed, each in theirs.items() if seed in ours}
            if one == other:
                yield spread(list(values.values()))
            else:
                yield paired([values[seed] for seed in others], list(others.values()))


def test_means_and_deviations_in_sentences_are_of_stored_runs(results: str):
    """Of the folders that a section names, or of any: two decimals are hardly met by chance."""
    folders = [path for path in STORED.iterdir() if path.name not in ("cost", "measured")]
    known = {
        path.name: [
            (abs(100 * each.mean), 100 * each.deviation)
            for each in derived(path)
            if each is not None and each.deviation is not None
        ]
        for path in folders
    }
    readme = (ROOT / "README.md").read_text()
    sections = re.split(r"^## ", results, flags=re.MULTILINE)
    said = ["\n".join(line for line in each.splitlines() if line[:1] != "|") for each in sections]
    count = 0
    for prose in [*said, readme]:
        named = known.keys() & set(re.findall(r"docs/results/(\w+)", prose))
        values = [each for name in named or known for each in known[name]]
        for mean, deviation in re.findall(r"(\d*\.\d+) (?:±|\+/-) (\d*\.\d+)", prose):
            step = 10.0 ** -len(mean.partition(".")[2]) * 0.501  # rounded, and rounded again
            assert any(
                abs(a - float(mean)) <= step and abs(b - float(deviation)) <= step
                for a, b in values
            ), f"no runs give {mean} ± {deviation} of {prose.splitlines()[0]}"
            count += 1
    assert count > 40


def test_what_is_said_under_a_table_is_what_report_says(results: str, reports: list[str]):
    known = {line for text in reports for line in text.splitlines()}
    said = re.findall(r"^- (?:Data|Timing|Teacher .* on) .*$", results, re.MULTILINE)
    assert [line for line in said if line not in known] == []


def test_seconds_are_the_benchmarks(results: str):
    """Medians of the rounds, and of the ratios within each; of `## Cost` in RESULTS.md."""
    stored = {path.stem: json.loads(path.read_text()) for path in STORED.glob("cost/*.json")}
    costs = {name: each["costs"] for name, each in stored.items()}
    times, ratios = (
        [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in block[2:]]
        for start in [
            key for key, where in OTHERS.items() if where == "test_seconds_are_the_benchmarks"
        ]
        for block in blocks(results)
        if block[0].startswith(start)
    )
    for backbone, *cells in times:
        single, ours = (costs["warped"][backbone][name] for name in ("single_frame", "bdnet"))
        mean = ours["mean at interval 5"]
        parts = [single["every frame"], ours["keyframe"], ours["other frame"], mean]
        seconds = [f"{median(part['seconds']):.3f}" for part in parts]
        lowest, highest = (f"{bound(mean['relative']):.2f}" for bound in (min, max))
        flops = f"{single['every frame']['gflops']:.1f} / {mean['gflops']:.1f}"
        relative = f"{median(mean['relative']):.2f}"
        assert cells == [*seconds, relative, f"{lowest} to {highest}", cells[6], flops]
        assert float(cells[6]) == pytest.approx(mean["published"], abs=0.005)
    for backbone, *cells in ratios:
        parts = [costs[each][backbone]["bdnet"] for each in ("none", "warped", "current")]
        assert cells == [f"{median(each['mean at interval 5']['relative']):.2f}" for each in parts]


def remade(stored: dict) -> str:
    """The table that the benchmark printed."""
    if "trips" in stored:
        legs = [
            Leg(
                *(each[key] for key in ("backbone", "contender", "interval")),
                tuple(Trip(**trip) for trip in each["trips"]),
                tuple(each["alone"]),
            )
            for each in stored["trips"]
        ]
        return Trips(legs, {}, {}).table()
    if "rules" in stored:
        return Outcomes([RuleOutcome(**each) for each in stored["rules"]], {}, {}).table()
    rows = [Timing(name, tuple(values)) for name, values in stored["rates"].items()]
    return Rates(stored["unit"], rows, {}, {}).table()


def test_other_measurements_are_the_stored_ones(results: str):
    known = [
        tuple(remade(json.loads(path.read_text())).splitlines())
        for path in sorted(STORED.glob("measured/*.json"))
    ]
    assert len(known) >= 4
    heads = tuple(start for start, test in OTHERS.items() if test.startswith("test_other"))
    shown = [block for block in blocks(results) if block[0].startswith(heads)]
    assert all(block in known for block in shown)
    assert all(block in shown for block in known)
