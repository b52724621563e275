"""VC_n."""

import pytest
import torch

from bdnet.metrics import VideoConsistency
from bdnet.types import IGNORE
from metrics.maps import CLASSES, blobs, check_sums, guessed


@pytest.mark.parametrize("frames", [2, 3, 5])
def test_agrees_with_a_loop_over_windows(frames: int):
    truth = blobs(0, (2, 6, 20, 24), void=True)
    truth[:, 1::2] = truth[:, ::2].where(blobs(1, (2, 3, 20, 24)) != 2, truth[:, 1::2])
    guess = guessed(truth, 0)
    metric = VideoConsistency(CLASSES, frames)
    metric.update(guess, truth)
    stable = kept = 0
    shares = []
    for video, predicted in zip(truth.flatten(2), guess.flatten(2), strict=True):
        for start in range(6 - frames + 1):
            before = stable, kept
            for pixel in range(20 * 24):
                labels = set(video[start : start + frames, pixel].tolist())
                if len(labels) == 1 and IGNORE not in labels:
                    stable += 1
                    kept += len(set(predicted[start : start + frames, pixel].tolist())) == 1
            if stable > before[0]:
                shares.append((kept - before[1]) / (stable - before[0]))
    assert 0 < kept < stable
    assert metric.compute() == pytest.approx((kept / stable, sum(shares) / len(shares)))


def test_perfect_is_one_and_so_is_a_steady_mistake():
    truth = blobs(0, (1, 1, 20, 24), void=True).expand(1, 4, 20, 24)
    for guess in (truth.where(truth != IGNORE, 0), (truth + 1).clamp(max=CLASSES - 1)):
        metric = VideoConsistency(CLASSES, 4)
        metric.update(guess, truth)
        assert metric.compute() == pytest.approx((1, 1))


def test_flicker_is_zero_and_nothing_stable_is_nan():
    truth = torch.zeros(1, 3, 4, 4, dtype=torch.int64)
    metric = VideoConsistency(CLASSES, 3)
    metric.update(truth + torch.tensor([0, 1, 0])[:, None, None], truth)
    assert metric.compute() == (0, 0)
    unknown = VideoConsistency(CLASSES, 3)
    unknown.update(truth, torch.full_like(truth, IGNORE))
    assert all(share.isnan() for share in unknown.compute())


def test_states_add_up():
    batches = [
        (guessed(truth, seed), truth)
        for seed in range(3)
        for truth in [blobs(seed, (1, 5, 20, 24), void=True)]
    ]
    check_sums(lambda: VideoConsistency(CLASSES, 2), *batches)


def test_too_few_frames_are_refused():
    truth = blobs(0, (1, 2, 8, 8))
    with pytest.raises(ValueError, match="VC_3 needs 3"):
        VideoConsistency(CLASSES, 3).update(truth, truth)
    with pytest.raises(ValueError, match="at least 2"):
        VideoConsistency(CLASSES, 1)
