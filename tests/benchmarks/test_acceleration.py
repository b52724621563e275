"""`target=acceleration`, and the scores that it gives label maps."""

import json
from pathlib import Path

import numpy as np
import pytest

from bdnet.benchmarks.acceleration import Acceleration
from bdnet.benchmarks.label_scores import STEADY, class_iou, interval_95, mean_lag, miou
from bdnet.data.datasets.folder import Folder
from bdnet.data.module import ClipDataModule

COUNTS = np.array([[[8, 2, 0], [1, 9, 0]], [[5, 4, 1], [0, 0, 0]]])


def test_iou_counts_guesses_of_no_class_as_errors():
    np.testing.assert_allclose(class_iou(COUNTS[1]), [5 / 10, 0])
    assert miou(COUNTS.sum(0)) == pytest.approx((13 / 21 + 9 / 16) / 2)


def test_the_interval_of_no_difference_is_zero_and_of_a_loss_below():
    counts = np.repeat(COUNTS[:1], 40, 0)
    assert interval_95([counts], counts, 10) == (0, 0)
    worse = counts.copy()
    worse[:, 0] = [[4, 6, 0]]
    low, high = interval_95([worse], counts, 10)
    assert low <= high < 0


def test_lag_is_the_frames_until_a_lasting_change_is_adopted():
    own = [np.full((2, 2), int(index >= 5), np.uint8) for index in range(20)]
    own[12] = 2 - own[12]  # lasts one frame only: no change that counts
    late = [np.full((2, 2), int(index >= 8), np.uint8) for index in range(20)]
    never = [np.zeros((2, 2), np.uint8) for _ in range(20)]
    assert mean_lag([(own[:12] + [own[5]] * 8, late)]) == 3
    assert mean_lag([(own[:12] + [own[5]] * 8, never)]) == STEADY
    assert mean_lag([(own[:12] + [own[5]] * 8, own[:12] + [own[5]] * 8)]) == 0


def test_every_way_is_scored(bands: Path):
    calls = []

    def network(image: np.ndarray) -> np.ndarray:
        calls.append(1)
        brightness = image.astype(np.float32).mean(2)[::4, ::4]
        return np.stack([brightness, 255 - brightness, np.full_like(brightness, 100)])

    module = ClipDataModule(Folder(bands), interval=4)
    target = Acceleration(network, module, intervals=[3], memories=[0.0, 0.5], phases=2)
    result = target.measure(1)
    names = [row.name for row in result.rows]
    assert names == [
        "every frame", "every frame, memory 0.5", "every 3 frames", "every 3 frames, memory 0.5",
        "every 3 frames, labels held",
    ]  # fmt: skip
    every, _, third, _, held = result.rows
    assert every.calls == 1
    assert third.calls == held.calls < 0.6
    assert every.lag == 0 <= third.lag <= held.lag
    assert result.record()["accelerations"][0]["difference"] == 0
    assert result.table().count("\n") == 6
    json.dumps(result.record())
