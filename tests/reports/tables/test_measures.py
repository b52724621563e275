"""Means, deviations and paired differences, against numbers worked out by hand."""

import pytest

from bdnet.reports.tables.measures import mean, measures, paired, spread
from run_folders import make_scores


def test_spread_is_mean_and_sample_deviation():
    found = spread([0.1, 0.2, 0.6])
    assert found is not None
    assert found.mean == pytest.approx(0.3)
    assert found.deviation == pytest.approx(0.07**0.5)  # (0.04 + 0.01 + 0.09) / 2


def test_one_value_has_no_deviation_and_an_undefined_one_no_mean():
    assert spread([0.25]) == (0.25, None)
    assert spread([]) is None
    assert spread([0.25, None]) is None
    assert mean([0.25, None]) is None
    assert mean([0.25, 0.75]) == 0.5


def test_paired_differences_leave_out_what_seeds_have_in_common():
    # the seeds differ by 0.3, the rows by 0.02 and 0.04
    found = paired([0.52, 0.84], [0.5, 0.8])
    assert found is not None
    assert found.mean == pytest.approx(0.03)
    assert found.deviation == pytest.approx(0.0002**0.5)
    assert paired([0.5, None], [0.5, 0.5]) is None


def test_measures_have_flat_names():
    video = {
        "miou": 0.5, "tailing_error": 0.3, "smear": None, "consistency": {"8": 0.9}, "frames": 40,
    }  # fmt: skip
    found = measures(make_scores([0.8, 0.4], video=video))
    assert found == {
        "avg_k": pytest.approx(0.6), "avg": 0.4, "last_k": 0.4, "miou_d0": 0.8, "miou_d1": 0.4,
        "boundary_iou_avg_k": pytest.approx(0.3), "boundary_iou_d0": 0.4, "boundary_iou_d1": 0.2,
        "boundary_f_3_avg_k": pytest.approx(0.15), "boundary_f_3_d0": 0.2, "boundary_f_3_d1": 0.1,
        "video_miou": 0.5, "tailing_error": 0.3, "smear": None, "consistency_8": 0.9,
    }  # fmt: skip


def test_what_was_not_measured_is_not_there():
    found = measures(make_scores([0.8], boundary_iou=None, boundary_f={}))
    assert found == {"avg_k": 0.8, "avg": None, "last_k": 0.8, "miou_d0": 0.8}
