"""Means, deviations and paired differences, against numbers worked out by hand."""

from pathlib import Path

import pytest
from pandas import DataFrame

from bdnet.reports.tables.collect import collect
from bdnet.reports.tables.measures import (
    mean,
    measures,
    over_seeds,
    paired_differences,
    percent,
    score_table,
)
from run_folders import make_scores, write_run


def table(root: Path, **rows: list[float | None]) -> DataFrame:
    """Scores of runs whose only frame has this mIoU, by seed."""
    for experiment, values in rows.items():
        for seed, value in enumerate(values):
            write_run(root, experiment, seed, [value])
    return score_table(collect(root).finished)


def test_over_seeds_is_mean_and_sample_deviation(tmp_path: Path):
    spread = over_seeds(table(tmp_path, three=[0.1, 0.2, 0.6], one=[0.25], undefined=[0.25, None]))
    means = spread["mean", "avg_k"].loc["resnet18"]
    deviations = spread["std", "avg_k"].loc["resnet18"]
    assert means.to_dict() == pytest.approx(
        {"three": 0.3, "one": 0.25, "undefined": float("nan")}, nan_ok=True
    )
    assert deviations["three"] == pytest.approx(0.07**0.5)  # (0.04 + 0.01 + 0.09) / 2
    assert deviations[["one", "undefined"]].isna().all()
    assert percent(spread, "avg_k", "+") == ["+25.00", "+30.00 ± 26.46", "-"]
    assert percent(spread, "tailing_error") == ["-"] * 3


def test_differences_are_between_runs_of_one_seed(tmp_path: Path):
    scores = table(tmp_path, above=[0.5, 0.8, None], ours=[0.52, 0.84, 0.5, 0.9])
    differences = paired_differences(scores, {"ours": "above", "above": None})["avg_k"]
    assert list(differences.index) == [("resnet18", "ours", seed) for seed in range(3)]
    assert differences.to_list() == pytest.approx([0.02, 0.04, float("nan")], nan_ok=True)


def test_a_mean_with_an_undefined_value_is_undefined():
    assert mean([0.25, None]) is None
    assert mean([]) is None
    assert mean([0.25, 0.75]) == 0.5


def test_measures_have_flat_names():
    video = {
        "miou": 0.5, "tailing_error": 0.3, "smear": None, "consistency": {"8": 0.9}, "frames": 40,
    }  # fmt: skip
    assert measures(make_scores([0.8, 0.4], video=video)) == {
        "avg_k": pytest.approx(0.6), "avg": 0.4, "last_k": 0.4, "miou_d0": 0.8, "miou_d1": 0.4,
        "boundary_iou_avg_k": pytest.approx(0.3), "boundary_iou_d0": 0.4, "boundary_iou_d1": 0.2,
        "boundary_f_3_avg_k": pytest.approx(0.15), "boundary_f_3_d0": 0.2, "boundary_f_3_d1": 0.1,
        "iou_road_avg_k": pytest.approx(0.6), "video_miou": 0.5, "tailing_error": 0.3,
        "smear": None, "consistency_8": 0.9,
    }  # fmt: skip


def test_what_was_not_measured_is_not_there():
    values = measures(make_scores([0.8], boundary_iou=None, boundary_f={}, iou={}))
    assert values == {"avg_k": 0.8, "avg": None, "last_k": 0.8, "miou_d0": 0.8}
