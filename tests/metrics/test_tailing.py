"""The band that objects leave."""

import numpy as np
import pytest
import torch

from bdnet.metrics import TailingError
from bdnet.types import IGNORE
from metrics.maps import CLASSES, blobs, check_sums, guessed

MOVABLE = [1, 2]


def test_by_hand():
    """Class 1 leaves three pixels: one still says 1, one says 2, one is right."""
    before = torch.tensor([[[1, 1, 1, 1, 0, 0, 1, IGNORE]]])
    now = torch.tensor([[[0, 0, 0, 1, 1, 2, IGNORE, 0]]])
    guess = torch.tensor([[[1, 2, 0, 0, 0, 0, 1, 1]]])
    metric = TailingError(3, [1])
    metric.update(guess, now, before)
    assert metric.compute().error == pytest.approx(2 / 3)
    assert metric.compute().smear == pytest.approx(1 / 3)


def test_agrees_with_a_loop_over_pixels():
    before, now = blobs(0, void=True), blobs(1, void=True)
    guess = guessed(now, 0)
    metric = TailingError(CLASSES, MOVABLE)
    metric.update(guess, now, before)
    band, wrong, smeared = 0, 0, 0
    for was, label, answer in zip(
        *(maps.flatten().tolist() for maps in (before, now, guess)), strict=True
    ):
        if was in MOVABLE and label not in (was, IGNORE):
            band, wrong, smeared = band + 1, wrong + (answer != label), smeared + (answer == was)
    assert metric.compute().error == pytest.approx(wrong / band)
    assert metric.compute().smear == pytest.approx(smeared / band)


def test_perfect_is_zero_standing_still_is_nan_and_dragging_on_is_one():
    before, now = blobs(0), blobs(1)
    perfect, still, dragged = (TailingError(CLASSES, MOVABLE) for _ in range(3))
    perfect.update(now, now, before)
    assert perfect.compute() == (0, 0)
    still.update(1 - now.clamp(max=1), now, now)
    assert np.isnan(still.compute()).all()
    dragged.update(before, now, before)
    assert dragged.compute() == (1, 1)


def test_states_add_up():
    batches = [
        (guessed(now, seed), now, blobs(seed + 1, void=True))
        for seed in range(3)
        for now in [blobs(seed, void=True)]
    ]
    check_sums(lambda: TailingError(CLASSES, MOVABLE), *batches)


def test_previous_labels_of_another_shape_are_refused():
    maps = blobs(0)
    with pytest.raises(ValueError, match="frame before"):
        TailingError(CLASSES, MOVABLE).update(maps, maps, maps[:1])
