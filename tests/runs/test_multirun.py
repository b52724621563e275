"""Sweeps by hand, `-m KEY=a,b ...`: a folder per job, and a table of what differs."""

import shutil
from pathlib import Path

import pytest

from bdnet.runs.run import Run
from command import command
from tiny_training import composed, metrics, settings

BY_HAND = ("backbone=test_resnet,resnet10t", "interval=3,5", "steps=2")


def test_jobs_by_hand_have_a_folder_each_and_a_row_in_the_report(bands: Path, tmp_path: Path):
    dropped = ("name=", "backbone=", "interval=", "steps=", "validate_every=", "checkpoint_every=")
    given = [word for word in settings(bands, tmp_path / "runs") if not word.startswith(dropped)]
    answer = command("train", "-m", *given, *BY_HAND, folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    folders = sorted(path.parent for path in (tmp_path / "runs").rglob("metrics.json"))
    assert len(folders) == 4
    whose = {(Run(path).config().model.backbone, metrics(path)["interval"]) for path in folders}
    assert whose == {(name, k) for name in ("test_resnet", "resnet10t") for k in (3, 5)}
    report = command("report", f"runs={tmp_path / 'runs'}", "mixed=true", folder=tmp_path)
    assert report.returncode == 0, report.stderr
    head, _, *rows = [line for line in report.stdout.splitlines() if line.startswith("|")]
    assert head == "| row | run | interval | model.backbone | seeds | avg_k | last_k |"
    shown = {tuple(row.split(" | ")[2:4]) for row in rows}
    assert shown == {(str(k), name) for name, k in whose}
    lines = (tmp_path / "report/runs.csv").read_text().splitlines()
    assert len(lines) == 5
    before = [(path / "metrics.json").stat().st_mtime_ns for path in folders]
    again = command("train", "-m", *given, *BY_HAND, folder=tmp_path)
    assert again.stderr.count("is finished already") == 4
    assert before == [(path / "metrics.json").stat().st_mtime_ns for path in folders]


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ([], "streets/bdnet-resnet18"),
        (["interval=5", "data.workers=0", "seed=3", "logger=[]"], "streets/bdnet-resnet18"),
        (["interval=3", "backbone=resnet50"], "streets/bdnet-resnet50/interval=3"),
        (["optimizer.lr=3e-3"], "streets/bdnet-resnet18/optimizer.lr=0.003"),
        (["optimizer.lr=0.003"], "streets/bdnet-resnet18/optimizer.lr=0.003"),
        (
            ["loss=[segmentation,boundary]", "model=dff"],
            "streets/dff-resnet18/loss=segmentation+boundary",
        ),
        (["experiment=teacher"], "streets/teacher/hrnet_w18_small"),
        (["experiment=table2/mv", "recipe=demo"], "demo/table2/test_resnet/mv"),
        (
            ["experiment=table2/mv", "recipe=demo", "interval=3"],
            "demo/table2/test_resnet/mv/interval=3",
        ),
        (
            ["experiment=best", "recipe.finetune.steps=9"],
            "streets/best/resnet18/recipe.finetune.steps=9",
        ),
        (["experiment=best", "recipe.finetune.steps=9", "recipe.name=mine"], "mine/best/resnet18"),
        (["experiment=table2/mv", "name=mine"], "mine"),
        (["init_from='../a b/${runs}'"], "streets/bdnet-resnet18/init_from=..+a+b+runs"),
    ],
)
def test_a_name_tells_what_was_chosen_and_what_was_changed(overrides: list[str], name: str):
    with composed(*overrides) as (config, _):
        assert config.name == name


def test_what_a_row_builds_on_shares_what_was_changed_for_all():
    with composed("experiment=table2/inner", "interval=3", "steps=2") as (config, _):
        assert config.folder == "runs/streets/table2/resnet18/inner/interval=3/steps=2/seed=0"
        assert config.init_from == "runs/streets/table2/resnet18/base/interval=3/seed=0"
        assert config.teacher.model.run == "runs/streets/teacher/hrnet_w18_small/seed=0"


def test_a_long_value_is_cut_and_stays_apart_from_its_like():
    names = set()
    for last in "ab":
        with composed(f"data.unlabelled_videos={'long/' * 40}{last}") as (config, _):
            names.add(config.name)
            assert len(Path(config.name).name) < 100
    assert len(names) == 2


def test_a_report_of_no_finished_run_says_so(tmp_path: Path):
    (tmp_path / "runs").mkdir()
    answer = command("report", "runs=runs", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("bdnet report: runs=runs: no run.json or metrics.json")


def test_a_report_without_a_table_needs_configurations(trained: Path, tmp_path: Path):
    shutil.copytree(trained, tmp_path / "runs/mine/seed=0")
    (tmp_path / "runs/mine/seed=0/config.yaml").unlink()
    answer = command("report", "runs=runs", folder=tmp_path)
    assert answer.returncode == 1
    assert "no config.yaml" in answer.stderr
