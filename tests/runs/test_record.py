"""The records of a run: run.json, and the printed summary of metrics.json."""

import sys
from pathlib import Path

import pytest
import torch

import bdnet
from bdnet.runs import record
from bdnet.runs.record import commit, facts_of, summary, versions
from tiny_training import BANDS, composed, settings


def test_facts_hold_command_choices_classes_and_machine(tmp_path: Path):
    with composed(*settings(tmp_path, tmp_path), "seed=3") as (config, choices):
        facts = facts_of(config, choices, BANDS, ["seed=3"])
    assert facts["command"] == ["python", "-m", "bdnet.train", "seed=3"]
    assert (facts["name"], facts["seed"], facts["experiment"]) == ("tiny", 3, None)
    assert facts["choices"]["model/boundary"] == "warped"
    assert not any("hydra" in group for group in facts["choices"])
    assert facts["classes"]["names"] == ("road", "car", "person")
    assert facts["versions"]["bdnet"] == bdnet.__version__
    assert facts["versions"]["torch"] == versions()["torch"]
    assert "not installed" not in facts["versions"].values()
    assert facts["machine"]["threads"] == torch.get_num_threads()
    assert facts["machine"]["processes"] == 1
    assert (facts["machine"]["gpu"] is None) != torch.cuda.is_available()
    assert facts["versions"]["python"].startswith(f"{sys.version_info.major}.")


@pytest.mark.parametrize(
    ("chosen", "backbone"),
    [
        (["model=bdnet", "backbone=resnet34"], "resnet34"),
        (["model=psp101"], "resnet101s"),
        (["model=psp18", "model.backbone=resnet34"], "resnet34"),
    ],
)
def test_the_backbone_is_the_one_of_the_network(chosen: list[str], backbone: str):
    with composed(*chosen) as (config, choices):
        facts = facts_of(config, choices, BANDS, chosen)
    model = chosen[0].removeprefix("model=")
    assert facts["backbone"] == config.model.backbone == backbone
    assert facts["name"] == f"streets/{model}-{backbone}"


def test_a_checkout_has_a_commit_and_a_wheel_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    state = commit()
    assert state is None or len(state.removesuffix("-dirty")) >= 7
    monkeypatch.setattr(record, "__file__", str(tmp_path / "record.py"))
    assert commit() is None


def result(**scores: object) -> dict:
    table = {"miou": [0.5, 0.25], "avg_k": 0.375, "last_k": 0.25, "video": None}
    data = {"name": "streets", "split": "test", "targets": 9, "labelled": 12}
    run = {"name": "demo/mv", "seed": 2, "data": data}
    return {**run, "scores": table | scores}


def test_the_summary_has_a_column_per_offset():
    lines = summary(result(), Path("a/metrics.json")).splitlines()
    assert lines[0] == "demo/mv seed=2: mIoU on 9 of the 12 labelled frames of streets (test)"
    assert lines[1].split() == ["d=0", "d=1", "avg_k", "last_k"]
    assert lines[2].split() == ["0.500", "0.250", "0.375", "0.250"]
    assert lines[3].strip() == "written to a/metrics.json"
    assert {len(line) for line in lines[1:3]} == {len(lines[1])}


def test_undefined_scores_are_dashes_and_video_has_a_line():
    video = {"miou": 0.5, "tailing_error": None, "consistency": {"8": 0.75}}
    lines = summary(result(miou=[0.5, None], last_k=None, video=video), Path("m")).splitlines()
    assert lines[2].split() == ["0.500", "-", "0.375", "-"]
    assert lines[3].strip() == "as video: mIoU 0.500, tailing error -, VC8 0.750"
