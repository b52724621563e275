"""`target=acceleration`, and the scores that it gives label maps."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from bdnet.benchmarks.acceleration.accuracy import Acceleration
from bdnet.benchmarks.acceleration.pareto import points
from bdnet.benchmarks.acceleration.scores import (
    STEADY,
    Details,
    by_halves,
    class_iou,
    interval_95,
    mean_lag,
    miou,
)
from bdnet.benchmarks.acceleration.speed import NOTHING, AccelerationSpeed, Rounds
from bdnet.benchmarks.acceleration.stand_in import street_scores
from bdnet.benchmarks.acceleration.stress import FIRST, SCENES, AccelerationStress, appearing
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


def test_memory_is_chosen_on_one_half_and_scored_on_the_other():
    right, wrong = np.array([[9, 1, 0], [1, 9, 0]]), np.array([[5, 5, 0], [5, 5, 0]])
    runs = {0.0: [np.stack([right, wrong])], 0.5: [np.stack([wrong, right])]}
    halves = by_halves(runs)
    assert halves.memories == (0.0, 0.5)
    assert halves.chosen == pytest.approx(miou(wrong))
    assert halves.without == pytest.approx((miou(right) + miou(wrong)) / 2)


def test_details_tell_where_labels_are_right():
    truth = np.zeros((80, 80), np.uint8)
    truth[:2, :2], truth[40:60, 40:60] = 1, 1  # a small object, and a large one
    guess = truth.copy()
    guess[:2, :2], guess[40:50, 40:60] = 0, 2  # no such class
    motion = np.zeros((2, 10, 10), np.float32)
    motion[:, 5:] = 3
    details = Details(2, (1,), np.hypot(*motion).ravel())
    details.add(truth, truth, None)
    assert details.compute()["boundary_iou"] == 1
    details = Details(2, (1,), np.hypot(*motion).ravel())
    details.add(truth, guess, motion)
    result = details.compute()
    assert result["objects"] == {"small": 0, "large": 0.5}
    slow, fast = result["motion"]
    assert slow == pytest.approx(miou(np.array([[3196, 0, 0], [4, 0, 0]])))
    assert fast == pytest.approx(miou(np.array([[2800, 0, 0], [0, 200, 200]])))
    assert 0 < result["boundary_iou"] < 1


def brightness(image: np.ndarray) -> np.ndarray:
    """A network for the bands, with a third class that never wins."""
    grey = image.astype(np.float32).mean(2)[::4, ::4]
    return np.stack([grey, 255 - grey, np.full_like(grey, 100)])


def test_scenes_are_made_and_scored(bands: Path, tmp_path: Path):
    module = ClipDataModule(Folder(bands), interval=4)
    target = AccelerationStress(brightness, module, 3, [0.0, 0.5], str(tmp_path), phases=1)
    result = target.measure(1)
    assert list(result.scenes) == list(SCENES)
    rows = json.loads(json.dumps(result.record()))["stress"]["brightness steps"]
    assert set(rows) == {
        "every frame", "every frame, memory 0.5", "every 3 frames", "every 3 frames, memory 0.5",
        "every 3 frames, labels held",
    }  # fmt: skip
    assert result.table().count("\n") == 1 + 5 * len(SCENES)


def test_objects_appear_before_a_still_camera():
    frames = []
    for index in range(20):
        image, label = np.full((48, 64, 3), 90, np.uint8), np.zeros((48, 64), np.uint8)
        if index:
            image[10:20, 2 * index : 2 * index + 9] = 200
            label[10:20, 2 * index : 2 * index + 9] = 1
        frames.append((image, label))
    scene = appearing(frames, (1,))
    counts = [int(label.sum()) for _, label in scene]
    assert not any(counts[:FIRST])
    assert counts[FIRST + 1] >= 90
    assert counts[-1] == 0
    image, label = scene[FIRST + 1]
    assert abs(float(image[label == 1].mean()) - 200) < 1
    assert abs(float(image[label == 0].mean()) - 90) < 1


def test_every_row_is_scored(bands: Path):
    module = ClipDataModule(Folder(bands), interval=4)
    target = Acceleration(
        brightness, module, intervals=[3], memories=[0.0, 0.5], phases=2,
        smaller={"constant": {"model": lambda image: np.zeros((3, *image.shape[:2]), np.float32)}},
    )  # fmt: skip
    result = target.measure(1)
    names = [row.name for row in result.rows]
    assert names == [
        "every frame", "every frame, memory 0.5", "every frame, constant",
        "every 3 frames", "every 3 frames, memory 0.5",
        "every 3 frames, labels held",
    ]  # fmt: skip
    every, _, constant, third, _, held = result.rows
    assert every.mean("calls") == constant.mean("calls") == 1
    assert third.mean("calls") == held.mean("calls") < 0.6
    assert every.mean("lag") == 0 <= third.mean("lag") <= held.mean("lag")
    assert constant.miou < every.miou
    difference, low, high = third.against["every frame, constant"]
    assert difference == pytest.approx(third.miou - constant.miou)
    assert low <= difference <= high
    assert constant.against["every frame, constant"] == (0, 0, 0)
    record = result.record()
    assert record["accelerations"][0]["difference"] == 0
    assert len(record["accelerations"][3]["by_offset"]) == 3
    assert set(record["halves"]) == {"1", "3"}
    assert result.table().count("\n") == 7
    json.dumps(record)
    drawn = points(record["accelerations"])
    assert [point["curve"].split(",")[0] for point in drawn] == [
        "accelerated", "accelerated", "smaller networks", "accelerated", "accelerated",
        "labels of the last keyframe",
    ]  # fmt: skip
    assert drawn[0]["cost"] == 1
    assert cv2.imdecode(np.frombuffer(result.picture(), np.uint8), cv2.IMREAD_COLOR) is not None


def test_speed_says_from_which_network_on_acceleration_pays(tmp_path: Path):
    target = AccelerationSpeed(
        ["lraspp_mobilenet_v3_large"], 2, str(tmp_path), 64, 96, codec_interval=12
    )
    result = target.measure(1)
    assert [row.name for row in result.rows] == ["lraspp_mobilenet_v3_large", NOTHING]
    assert all(len(row.relative("seconds")) == 1 for row in result.rows)
    every, fast = Rounds([1.0], [0.1]), Rounds([1.0], [0.3])
    nothing = result.rows[1]._replace(every=every, fast=fast)
    result = result._replace(rows=[result.rows[0], nothing], interval=5)
    assert result.pays_from == pytest.approx(0.25)  # 0.25 + 0.1 = 0.25 / 5 + 0.3
    assert result.table().count("\n") == 5
    json.dumps(result.record())


def test_a_stand_in_has_the_labels_of_a_street():
    scores = street_scores(64, 96)
    assert scores.shape == (1, 11, 8, 12)
    assert len(scores.argmax(1).unique()) > 3
