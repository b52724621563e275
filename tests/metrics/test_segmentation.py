"""IoU by hand and against a literal count."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from bdnet.metrics import SegmentationByOffset, iou
from bdnet.types import IGNORE
from metrics.maps import CLASSES, blobs, check_sums, guessed


def test_iou_by_hand():
    """Class 0: 2 of 4; class 1: 1 of 3; class 2 predicted only: 0 of 1; class 3 never: nan."""
    labels = torch.tensor([[[0, 0, 0, 1], [1, IGNORE, IGNORE, 255]]])
    guess = torch.tensor([[[0, 0, 1, 1], [0, 0, 1, 2]]])
    guess_two = torch.tensor([[[0, 0, 2, 1], [0, 0, 1, 2]]])
    metric = SegmentationByOffset(CLASSES, 2)
    metric.update(guess, labels, torch.tensor([0]))
    metric.update(guess_two, labels, torch.tensor([1]))
    scores = metric.compute()
    np.testing.assert_allclose(scores.iou[0], [2 / 4, 1 / 3, np.nan, np.nan])
    np.testing.assert_allclose(scores.iou[1], [2 / 4, 1 / 2, 0, np.nan])
    first, second = (1 / 2 + 1 / 3) / 2, (1 / 2 + 1 / 2 + 0) / 3
    np.testing.assert_allclose(scores.miou, [first, second])
    assert scores.avg_k == pytest.approx((first + second) / 2)
    assert scores.avg == scores.last_k == pytest.approx(second)


def counted(truth, guess, offsets, d: int) -> list[float]:
    result = []
    for number in range(CLASSES):
        hits = union = 0
        for label, predicted, offset in zip(truth, guess, offsets, strict=True):
            if offset == d:
                known = label != IGNORE
                hits += int((known & (label == number) & (predicted == number)).sum())
                union += int((known & ((label == number) | (predicted == number))).sum())
        result.append(hits / union if union else np.nan)
    return result


def test_agrees_with_a_literal_count_and_never_pools_offsets():
    truth = blobs(0, (6, 40, 56), void=True)
    guess, offsets = guessed(truth, 0), torch.tensor([0, 1, 2, 2, 1, 0])
    metric = SegmentationByOffset(CLASSES, 3)
    metric.update(guess, truth, offsets)
    scores = metric.compute()
    expected = [counted(truth, guess, offsets, d) for d in range(3)]
    np.testing.assert_allclose(torch.stack(scores.iou), expected)
    means = np.nanmean(expected, axis=1)
    np.testing.assert_allclose(scores.miou, means)
    assert scores.avg_k == pytest.approx(means.mean())
    assert scores.avg == pytest.approx(means[1:].mean())
    assert scores.last_k == pytest.approx(means[2])
    pooled = iou(metric.confusion.sum(0)).nanmean()
    assert pooled != pytest.approx(scores.avg_k.item(), abs=1e-6)


def test_agrees_with_torchmetrics():
    from torchmetrics.classification import MulticlassConfusionMatrix

    truth = blobs(1, void=True)
    guess = guessed(truth, 1)
    metric = SegmentationByOffset(CLASSES, 1)
    metric.update(guess, truth, torch.zeros(4, dtype=torch.int64))
    theirs = MulticlassConfusionMatrix(CLASSES, ignore_index=IGNORE)
    assert torch.equal(metric.confusion[0], theirs(guess, truth))
    assert metric.compute().avg.isnan()  # there is no d >= 1


def test_perfect_is_one_and_an_offset_never_seen_is_not_averaged_away():
    truth = blobs(2, void=True)
    metric = SegmentationByOffset(CLASSES, 2)
    metric.update(truth.where(truth != IGNORE, 0), truth, torch.zeros(4, dtype=torch.int64))
    scores = metric.compute()
    assert scores.miou[0] == 1
    assert all(score.isnan() for score in (scores.miou[1], scores.avg_k, scores.avg, scores.last_k))
    metric.update(truth.where(truth != IGNORE, 0), truth, torch.ones(4, dtype=torch.int64))
    assert metric.compute().avg_k == 1


def test_states_add_up():
    batches = [
        (guessed(truth, seed), truth, torch.arange(4) % 3)
        for seed in range(3)
        for truth in [blobs(seed, void=True)]
    ]
    check_sums(lambda: SegmentationByOffset(CLASSES, 3), *batches)


@pytest.mark.parametrize(
    ("guess", "label", "offset", "says"),
    [
        (4, 0, 0, r"prediction holds 0\.\.4"),
        (IGNORE, 0, 0, "prediction holds"),
        (0, 7, 0, r"labels hold 0\.\.7"),
        (0, 0, 5, r"offsets \[5\]: 0\.\.4"),
        (0, 0, -1, r"offsets \[-1\]"),
    ],
)
def test_what_would_be_counted_wrongly_is_refused(guess, label, offset, says):
    maps = torch.zeros(2, 1, 2, 2, dtype=torch.int64)
    maps[0, 0, 0, 0], maps[1, 0, 0, 0] = guess, label
    with pytest.raises(ValueError, match=says):
        SegmentationByOffset(CLASSES, 5).update(maps[0], maps[1], torch.tensor([offset]))
    with pytest.raises(ValueError, match="bring the prediction to the labels' size"):
        SegmentationByOffset(CLASSES, 5).update(maps[0], maps[1, :, :1], torch.tensor([0]))


def test_agrees_with_the_scripts_of_cityscapes(tmp_path: Path):
    """Runs where they are installed: pip install --no-deps cityscapesscripts pyquaternion."""
    scripts = pytest.importorskip(
        "cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling", exc_type=ImportError
    )
    rng = np.random.default_rng(0)
    metric = SegmentationByOffset(19, 1)
    table = np.full(256, 0, np.uint8)  # class -> the id in files; 0 is void there
    table[:19] = [scripts.trainId2label[number].id for number in range(19)]
    files: dict[str, list[str]] = {"truth": [], "guess": []}
    for number in range(3):
        truth = rng.integers(0, 19, (24, 40), np.uint8)
        guess = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, 19, truth.shape))
        truth[rng.random(truth.shape) < 0.1] = 255
        for name, classes in (("truth", truth), ("guess", guess)):
            path = tmp_path / f"city_{number:06d}_000019_{name}.png"
            assert cv2.imwrite(str(path), table[classes])
            files[name].append(str(path))
        maps = (torch.from_numpy(m.astype(np.int64))[None] for m in (guess, truth))
        metric.update(*maps, torch.zeros(1, dtype=torch.int64))
    scripts.args.quiet, scripts.args.evalInstLevelScore = True, False
    scripts.args.evalPixelAccuracy = False
    theirs = scripts.evaluateImgLists(files["guess"], files["truth"], scripts.args)
    ours = metric.compute()
    assert ours.avg_k.item() == pytest.approx(theirs["averageScoreClasses"], abs=1e-12)
    names = [scripts.trainId2label[number].name for number in range(19)]
    assert ours.iou[0].tolist() == pytest.approx([theirs["classScores"][name] for name in names])
