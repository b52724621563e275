"""Reading what the benchmark wrote, and refusing what it did not."""

from pathlib import Path

import pytest
from benchmark_files import write_benchmark

from bdnet.cli.conf import conf_folder
from bdnet.errors import BdnetError
from bdnet.reports.tables.benchmarks import read_benchmarks
from bdnet.reports.tables.errors import BadRuns
from run_folders import write_json

SINGLE = {"single_frame": ((2.0, 4.0), (2.0, 4.0))}


def test_seconds_come_back_by_backbone(tmp_path: Path):
    both = {**SINGLE, "bdnet": ((2.0, 4.0), (0.5, 1.0))}
    path = write_benchmark(tmp_path / "a.json", {"resnet18": both})
    second_path = write_benchmark(tmp_path / "b.json", {"resnet50": SINGLE})
    first, second = read_benchmarks([str(path), str(second_path)])
    assert (first.path, first.machine["processor"], first.facts["threads"]) == (path, "abacus", 2)
    comparison = first.comparisons["resnet18"]
    assert comparison.networks["bdnet"].other.seconds == (0.5, 1.0)
    assert comparison.relative(comparison.mean("bdnet", 3)) == (0.5, 0.5)
    assert list(second.comparisons) == ["resnet50"]
    assert read_benchmarks([]) == []


def test_committed_measurements_can_be_read():
    paths = sorted(conf_folder().parent.glob("results/benchmarks/*.json"))
    costs = [path for path in paths if '"costs"' in path.read_text()]
    assert costs
    for path in costs:
        (benchmark,) = read_benchmarks([str(path)])
        for comparison in benchmark.comparisons.values():
            assert min(comparison.relative(comparison.networks["bdnet"].other)) > 0


def test_a_backbone_of_two_files_is_refused(tmp_path: Path):
    paths = [write_benchmark(tmp_path / name, {"resnet18": SINGLE}) for name in ("a", "b")]
    with pytest.raises(BadRuns, match=r"a and .*b both have resnet18.*use costs=FILE"):
        read_benchmarks(list(map(str, paths)))


def test_other_files_are_named(tmp_path: Path):
    rates = write_json(tmp_path / "codec.json", {"unit": "frames/s", "rates": {}})
    with pytest.raises(BadRuns, match=r"codec\.json: unit frames/s, not s/frame; .*target=model"):
        read_benchmarks([str(rates)])
    old = {"resnet18": {"single-frame": {"seconds": [1.0], "gflops": 1.0}}}
    path = write_benchmark(tmp_path / "old.json", {"resnet18": SINGLE}, costs=old)
    with pytest.raises(BadRuns, match=r"old\.json: .*measure again"):
        read_benchmarks([str(path)])
    with pytest.raises(BdnetError, match=r"absent\.json: cannot be read"):
        read_benchmarks([str(tmp_path / "absent.json")])
