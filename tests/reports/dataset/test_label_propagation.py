"""Labels moved along vectors, and the ceilings of coarse students."""

import numpy as np
import torch

from bdnet.data.streets.dataset import Streets
from bdnet.metrics.segmentation import iou
from bdnet.reports.dataset.label_propagation import (
    confusion,
    count,
    propagate,
    propagation_scores,
    stride_ceiling,
)


def test_labels_move_with_a_uniform_field():
    labels = np.random.default_rng(0).integers(0, 5, (48, 64), np.uint8)
    motion = np.zeros((2, 6, 8), np.float32)
    motion[0], motion[1] = 5, -3
    moved = propagate(labels, motion)
    assert np.array_equal(moved[3:, :-5], labels[:-3, 5:])


def test_a_field_is_interpolated_between_the_middles_of_its_cells():
    column = np.arange(64, dtype=np.uint8)
    labels = np.repeat(column[None], 16, 0)
    motion = np.zeros((2, 2, 8), np.float32)
    motion[0] = np.arange(8)  # x grows by 1 from middle to middle, 8 pixels apart
    wanted = np.clip(np.arange(64) + np.clip((np.arange(64) - 3.5) / 8, 0, 7), 0, 63)
    assert np.abs(propagate(labels, motion)[5].astype(float) - wanted).max() <= 0.51


def test_void_that_moved_is_no_wrong_guess():
    truth, guess = np.uint8([[0, 1, 255, 1]]), np.uint8([[0, 0, 0, 255]])
    matrix = confusion(2)
    count(matrix, truth, guess)
    assert matrix.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_vectors_beat_copying_on_streets_and_nothing_beats_standing_still(small_streets: Streets):
    scores = propagation_scores(small_streets, small_streets.samples("val"), [1, 4])
    assert list(scores.index) == [1, 4]
    for name in ("vectors", "filled"):
        assert (scores[name] > scores["copied"] + 0.03).all(), name
    assert (scores["matched"] > scores["filled"] - 0.005).all()
    assert scores["holes"].between(0, 0.5).all()
    assert scores["vectors"][1] > scores["vectors"][4]
    assert scores["matched"][4] > scores["filled"][4]


def test_distances_without_labelled_pairs_are_left_out(small_streets: Streets):
    assert propagation_scores(small_streets, small_streets.samples("train")[::8], [1]).empty


def test_ceiling_is_one_for_what_fits_the_cells_and_low_for_thin_things():
    blocks = np.kron(np.random.default_rng(0).integers(0, 3, (6, 8)), np.ones((16, 16)))
    blocky = stride_ceiling([blocks.astype(np.uint8)], 3, 8)
    assert (blocky > 0.93).all()
    thin = np.zeros((64, 64), np.uint8)
    thin[:, 20:23] = 1
    assert stride_ceiling([thin], 2, 8)[1] < 0.1
    assert stride_ceiling([thin], 2, 4)[1] > stride_ceiling([thin], 2, 8)[1]
    assert stride_ceiling([thin], 3, 8)[2].isnan()  # a class that never occurs


def test_iou_by_hand():
    confusion = torch.tensor([[3, 1, 0], [2, 4, 0], [0, 0, 0]])
    assert torch.allclose(iou(confusion)[:2], torch.tensor([3 / 6, 4 / 7]).double())
    assert iou(confusion)[2].isnan()
