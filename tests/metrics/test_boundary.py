"""Boundary measures against OpenCV's erosion and SciPy's distances."""

import math

import cv2
import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation, distance_transform_edt

from bdnet.metrics import BoundaryF, BoundaryIoU, ClassScores
from bdnet.types import IGNORE
from metrics.maps import CLASSES, blobs, check_sums, flat, guessed

SIZES = {"small": (4, 40, 56), "large": (1, 330, 412)}  # bands of 1 and of 3 pixels


def without_void(guess, truth):
    return torch.where(truth == IGNORE, IGNORE, guess)


def eroded(mask, steps: int):
    """By 3x3 steps, from a background around the picture."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=steps)[1:-1, 1:-1] > 0


def band_iou(truth, guess, erode) -> list[float]:
    """erode(mask of a class, map) -> what is left of it."""
    result = []
    for number in range(CLASSES):
        hits = union = 0
        for maps in zip(truth.numpy(), guess.numpy(), strict=True):
            true, band = ((m == number) & ~erode(m == number, m) for m in maps)
            hits, union = hits + (true & band).sum(), union + (true | band).sum()
        result.append(hits / union if union else np.nan)
    return result


@pytest.mark.parametrize("size", SIZES)
def test_boundary_iou_is_the_published_one_without_void(size: str):
    truth = blobs(0, SIZES[size])
    guess = guessed(truth, 0)
    metric = BoundaryIoU(CLASSES)
    metric.update(guess, truth)
    steps = max(1, round(0.005 * math.hypot(*SIZES[size][1:])))
    assert steps == {"small": 1, "large": 3}[size]
    expected = band_iou(truth, guess, lambda mask, _: eroded(mask, steps))
    np.testing.assert_allclose(metric.compute().by_class, expected)
    assert metric.compute().mean == pytest.approx(np.nanmean(expected))
    assert 0.05 < metric.compute().mean < 0.95


@pytest.mark.parametrize("size", SIZES)
def test_void_is_nothing_to_boundary_iou(size: str):
    """A class goes on through void: eroding it together with void leaves the same of it."""
    truth = blobs(1, SIZES[size], void=True)
    guess = guessed(truth, 1)
    metric = BoundaryIoU(CLASSES)
    metric.update(guess, truth)
    steps = max(1, round(0.005 * math.hypot(*SIZES[size][1:])))
    expected = band_iou(
        truth,
        without_void(guess, truth),
        lambda mask, maps: eroded(mask | (maps == IGNORE), steps),
    )
    np.testing.assert_allclose(metric.compute().by_class, expected)


def outline(maps, number: int):
    """Pixels of a class with another one, not void, among their eight neighbours."""
    others = (maps != number) & (maps != IGNORE)
    return (maps == number) & binary_dilation(others, np.ones((3, 3)))


def f_scores(truth, guess, reach: int) -> list[float]:
    result = []
    for number in range(CLASSES):
        matched = predicted = recalled = true = 0
        for maps in zip(truth.numpy(), guess.numpy(), strict=True):
            real, guessed_line = (outline(m, number) for m in maps)
            true, predicted = true + real.sum(), predicted + guessed_line.sum()
            if real.any() and guessed_line.any():
                matched += (guessed_line & (distance_transform_edt(~real) <= reach)).sum()
                recalled += (real & (distance_transform_edt(~guessed_line) <= reach)).sum()
        if not true + predicted:
            result.append(np.nan)
            continue
        precision, recall = matched / max(predicted, 1), recalled / max(true, 1)
        total = precision + recall
        result.append(2 * precision * recall / total if total else 0)
    return result


@pytest.mark.parametrize("void", [False, True])
@pytest.mark.parametrize(
    ("size", "reaches"), [("small", [1, 1, 1, 1]), ("large", [1, 2, 3, 3])], ids=SIZES
)
def test_boundary_f_agrees_with_distance_transforms(size: str, reaches: list[int], void: bool):
    truth = blobs(2, SIZES[size], void)
    guess = guessed(guessed(truth, 2), 2)  # off by 4 rows and 2 columns
    metric = BoundaryF(CLASSES)
    metric.update(guess, truth)
    scores = metric.compute()
    assert list(scores) == [3, 5, 9, 12]
    for pixels, reach in zip(scores, reaches, strict=True):
        expected = f_scores(truth, without_void(guess, truth), reach)
        np.testing.assert_allclose(scores[pixels].by_class, expected)
        assert scores[pixels].mean == pytest.approx(np.nanmean(expected))
        assert 0.05 < scores[pixels].mean < 0.999


def test_boundary_f_at_the_size_of_cityscapes():
    """A line of two classes, shifted by 9 pixels: found at 9 and 12, not at 3 and 5."""
    truth = (torch.arange(2048) >= 1000).long().expand(1, 1024, 2048)
    metric = BoundaryF(2)
    metric.update(truth.roll(9, -1).clone().index_fill_(2, torch.arange(9), 0), truth)
    assert {pixels: score.mean.item() for pixels, score in metric.compute().items()} == {
        3: 0.0, 5: 0.0, 9: 1.0, 12: 1.0
    }  # fmt: skip


@pytest.mark.parametrize("classes", [3, 31, 32, 70, 254])
def test_boundary_f_counts_any_number_of_classes(classes: int):
    """The highest classes score what the lowest do."""
    truth = blobs(2)
    guess = guessed(truth, 2)
    plain, high = BoundaryF(3), BoundaryF(classes)
    plain.update(guess, truth)
    high.update(guess + classes - 3, truth + classes - 3)
    expected = [score.by_class for score in plain.compute().values()]
    by_class = [score.by_class[-3:] for score in high.compute().values()]
    assert torch.equal(torch.stack(by_class), torch.stack(expected))


def scores_of(metric, guess, truth) -> list[ClassScores]:
    """The only score of BoundaryIoU, or those of all distances of BoundaryF."""
    metric.update(guess, truth)
    scores = metric.compute()
    return list(scores.values()) if isinstance(scores, dict) else [scores]


@pytest.mark.parametrize("metric", [BoundaryIoU, BoundaryF])
def test_perfect_is_one_absent_is_nan_and_void_does_not_matter(metric):
    truth = blobs(3, void=True)
    for filler in (0, 1):
        for score in scores_of(metric(CLASSES), truth.where(truth != IGNORE, filler), truth):
            assert score.mean == 1
            np.testing.assert_array_equal(score.by_class, [1, 1, 1, np.nan])
    empty = scores_of(metric(CLASSES), torch.zeros_like(truth), torch.full_like(truth, IGNORE))
    assert all(np.isnan(flat(score)).all() for score in empty)


@pytest.mark.parametrize("metric", [BoundaryIoU, BoundaryF])
def test_a_class_that_is_only_predicted_scores_zero(metric):
    truth = torch.zeros(1, 20, 20, dtype=torch.int64)
    guess = truth.clone()
    guess[0, 5:10, 5:10] = 1
    assert all(score.by_class[1] == 0 for score in scores_of(metric(2), guess, truth))


@pytest.mark.parametrize(("metric", "mean"), [(BoundaryIoU, 1.0), (BoundaryF, np.nan)])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 2), (200, 3)])
def test_pictures_smaller_than_a_band(metric, mean: float, shape: tuple[int, int]):
    truth = torch.zeros(1, *shape, dtype=torch.int64)
    means = [score.mean.item() for score in scores_of(metric(2), truth, truth)]
    assert means == pytest.approx([mean] * len(means), nan_ok=True)


@pytest.mark.parametrize("metric", [BoundaryIoU, BoundaryF])
def test_states_add_up(metric):
    batches = [
        (guessed(truth, seed), truth) for seed in range(3) for truth in [blobs(seed, void=True)]
    ]
    check_sums(lambda: metric(CLASSES), *batches)
