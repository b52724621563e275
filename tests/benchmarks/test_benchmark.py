"""`python -m bdnet.benchmark`: contenders take turns, and the figures are written down."""

import json
from functools import partial
from pathlib import Path

from bdnet.benchmarks.base import Rates, Timing, machine, take_turns
from command import command

run = partial(command, "benchmark")


def test_contenders_take_turns_and_the_first_round_does_not_count():
    calls: list[str] = []

    def contender(name: str) -> float:
        calls.append(name)
        return float(len(calls))

    rows = take_turns({name: lambda name=name: contender(name) for name in "ab"}, repeats=2)
    assert calls == ["a", "b"] * 3
    assert rows == [Timing("a", (3.0, 5.0)), Timing("b", (4.0, 6.0))]


def test_table_gives_medians_spread_and_ratios():
    rows = [Timing("ours", (10.0, 30.0, 20.0)), Timing("theirs", (5.0,))]
    lines = Rates("frames/s", rows, {}, {}).table().splitlines()
    assert lines[2] == "| ours | 20.0 | 10.0 to 30.0 | 1.00 |"
    assert lines[3] == "| theirs | 5.0 | 5.0 to 5.0 | 0.25 |"


def test_machine_names_what_decides_speed():
    assert {"processor", "cores", "memory", "torch", "av"} <= set(machine())


def test_codec_target_measures_a_rendered_street(tmp_path: Path):
    command = ["target=codec", "target.height=64", "target.width=96", "target.frames=6"]
    answer = run(*command, "target.interval=3", "repeats=1", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    result = json.loads((tmp_path / "benchmark/codec.json").read_text())
    assert result["facts"]["keyframes"] == 2
    assert all(rates[0] > 0 for rates in result["rates"].values())
    assert len(result["rates"]) >= 5
    assert "VideoReader" in (tmp_path / "benchmark/codec.md").read_text()


def test_loader_target_measures_with_workers_and_without(tmp_path: Path):
    street = {
        "clips": "{train: 3, val: 1, test: 1}", "parameters.height": 64, "parameters.width": 96,
        "parameters.length": 5, "processes": 1,
    }  # fmt: skip
    answer = run(
        *("target=loader", "data=streets", "interval=3", "repeats=1", "target.clips=6"),
        "target.against={crf: 30}",
        *("data.batch_size=2", "data.workers=1", "data.labelled_frame=4"),
        *(f"data.augmentation.transforms.crop.{side}=32" for side in ("height", "width")),
        *(f"data.dataset.{key}={value}" for key, value in street.items()),
        folder=tmp_path,
    )
    assert answer.returncode == 0, answer.stderr
    result = json.loads((tmp_path / "benchmark/loader.json").read_text())
    names = ["1 workers", "one process, per CPU second", "decoding alone, per CPU second"]
    assert list(result["rates"]) == [f"{name}{rest}" for rest in ("", ", crf=30") for name in names]
    assert all(rates[0] > 0 for rates in result["rates"].values())


def test_loader_target_without_data_says_what_to_say(tmp_path: Path):
    answer = run("target=loader", folder=tmp_path)
    assert answer.returncode == 1
    assert "use data=NAME" in answer.stderr
    assert "Traceback" not in answer.stderr
