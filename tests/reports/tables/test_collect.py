"""Reading run folders: what is finished, what is not, and what cannot be told apart."""

import json
from pathlib import Path

import pytest

from bdnet.errors import BdnetError
from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.errors import BadRuns
from run_folders import DATA, write_json, write_run


def test_runs_are_found_at_any_depth_with_what_their_files_say(tmp_path: Path):
    folder = write_run(tmp_path / "a/b", "table2/mv", 1, [0.5, 0.25], steps=7)
    (run,) = collect(tmp_path).finished
    assert (run.folder, run.experiment, run.backbone, run.seed) == (
        folder, "table2/mv", "resnet18", 1,
    )  # fmt: skip
    assert (run.interval, run.steps, run.parameters, run.checkpoint) == (2, 7, 1000, "last")
    assert (run.version, run.commit, run.recipe, run.data) == ("0.1.0", "abc123", "demo", DATA)
    assert run.scores["miou"] == [0.5, 0.25]


def test_a_run_without_metrics_is_unfinished(tmp_path: Path):
    folder = write_run(tmp_path, "table2/mv", 3, None)
    write_run(tmp_path, "table2/mv", 1, [0.5])
    runs = collect(tmp_path)
    assert [(run.folder, run.seed) for run in runs.unfinished] == [(folder, 3)]
    assert [run.folder for run in runs.unfinished_of(["table2/mv"])] == [folder]
    assert runs.unfinished_of(["table2/bas"]) == []


def test_runs_are_grouped_by_experiment_and_backbone_in_order_of_seed(tmp_path: Path):
    for seed in (2, 0, 10):
        write_run(tmp_path, "table2/mv", seed, [0.5])
    write_run(tmp_path, "table2/mv", 0, [0.5], backbone="resnet50")
    write_run(tmp_path, None, 0, [0.5])
    groups = collect(tmp_path).of(["table2/mv"])
    assert {key: list(seeds) for key, seeds in groups.items()} == {
        ("table2/mv", "resnet18"): [0, 2, 10],
        ("table2/mv", "resnet50"): [0],
    }


def test_two_runs_of_one_seed_are_refused(tmp_path: Path):
    first = write_run(tmp_path / "first", "table2/mv", 0, [0.5])
    again = write_run(tmp_path / "second", "table2/mv", 0, [0.5])
    with pytest.raises(BadRuns, match="seed 0") as error:
        collect(tmp_path).of(["table2/mv"])
    assert all(str(path) in str(error.value) for path in (first, again))
    assert collect(tmp_path / "second").of(["table2/mv"])


def test_an_unfinished_twin_of_a_finished_run_is_no_clash(tmp_path: Path):
    write_run(tmp_path / "first", "table2/mv", 0, None)
    again = write_run(tmp_path / "second", "table2/mv", 0, [0.5])
    (seeds,) = collect(tmp_path).of(["table2/mv"]).values()
    assert seeds[0].folder == again


def test_nothing_to_read_says_what_there_is(tmp_path: Path):
    with pytest.raises(BadRuns, match="absent"):
        collect(tmp_path / "absent")
    with pytest.raises(BadRuns, match="metrics"):
        collect(tmp_path)
    write_run(tmp_path, "figure9/else", 0, [0.5])
    waiting = write_run(tmp_path, "table2/mv", 0, None)
    with pytest.raises(BadRuns, match="table2/mv, table2/bas") as error:
        collect(tmp_path).of(["table2/mv", "table2/bas"])
    assert str(waiting) in str(error.value)
    assert "figure9/else" in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"checkpoint": None, "data": None}, "metrics.json"),
        ({"digest": "other"}, "digest table2/resnet18/mv-0 .* other"),
        ({"interval": 5}, "interval 5, but mIoU of 2 offsets"),
        ({"scores": {"miou": [0.5, 0.4]}}, "avg_k"),
    ],
)
def test_files_of_another_kind_are_named(tmp_path: Path, change: dict, message: str):
    folder = write_run(tmp_path, "table2/mv", 0, [0.5, 0.4], **change)
    with pytest.raises(BadRuns, match=message) as error:
        collect(tmp_path)
    assert str(error.value).startswith(str(folder))


def test_torn_files_are_named(tmp_path: Path):
    folder = write_run(tmp_path, "table2/mv", 0, [0.5])
    metrics = folder / "metrics.json"
    metrics.write_text(metrics.read_text()[:-9])
    with pytest.raises(BdnetError, match="metrics"):
        collect(tmp_path)
    write_json(metrics, [1])
    with pytest.raises(BdnetError, match="metrics"):
        collect(tmp_path)


def test_metrics_alone_are_enough(tmp_path: Path):
    folder = write_run(tmp_path, "table2/mv", 0, [0.5])
    identity = folder / "run.json"
    assert json.loads(identity.read_text())["choices"] == {"recipe": "demo"}
    identity.unlink()
    (run,) = collect(tmp_path).finished
    assert run.recipe is None
