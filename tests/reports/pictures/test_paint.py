"""Arrays as colours."""

import numpy as np

from bdnet.data.classes import Classes
from bdnet.reports.pictures.paint import (
    VOID,
    WRONG,
    paint_errors,
    paint_labels,
    paint_motion,
    paint_probability,
)

CLASSES = Classes(("road", "car"), ((128, 64, 128), (0, 0, 142)))


def grey(size: int) -> np.ndarray:
    return np.full((size, size, 3), 128, np.uint8)


def test_holes_and_arrows_are_painted():
    motion = np.full((2, 4, 4), 6, np.float32)
    valid = np.ones((4, 4), np.bool_)
    valid[0, 0] = False
    painted = paint_motion(motion, valid, grey(32)).astype(int)
    assert painted[2, 2, 0] > painted[2, 2, 1] + 50  # red
    assert (painted[:, :, 1] < 100).sum() > 20  # dark arrows
    assert np.array_equal(painted[31, 0], [128, 128, 128])


def test_motion_fits_a_picture_shown_larger_or_smaller():
    motion = np.zeros((2, 4, 4), np.float32)
    motion[:, 1, 1] = 8, 0  # from (12, 12) to (20, 12)
    valid = np.ones((4, 4), np.bool_)
    valid[3, 3] = False
    for scale in (0.5, 2, 3):
        size = round(32 * scale)
        painted = paint_motion(motion, valid, grey(size), scale).astype(int)
        red = painted[:, :, 0] > painted[:, :, 1] + 50
        assert red.sum() == round(8 * scale) ** 2
        assert red[-round(8 * scale) :, -round(8 * scale) :].all()
        if scale > 1:  # every cell has its arrow; one has a length
            line = painted[round(12 * scale), round(13 * scale) : round(19 * scale), 1]
            assert (line < 100).all()


def test_labels_have_the_colours_of_their_classes():
    painted = paint_labels(np.array([[0, 1, 255]]), CLASSES)
    assert painted.tolist() == [[[128, 64, 128], [0, 0, 142], [0, 0, 0]]]


def test_right_is_dim_wrong_is_red_and_void_is_grey():
    labels = np.array([[0, 1, 255, 255]])
    prediction = np.array([[0, 0, 0, 255]])
    right, wrong, *void = paint_errors(prediction, labels, np.full((1, 4, 3), 150, np.uint8))[0]
    assert right.tolist() == [50, 50, 50]
    assert np.abs(wrong.astype(int) - WRONG).max() < 30
    assert np.array_equal(void, [VOID, VOID])


def test_probability_goes_from_dark_to_bright():
    painted = paint_probability(np.linspace(0, 1, 50, dtype=np.float32)[None])
    brightness = painted[0].astype(int).sum(-1)
    assert (np.diff(brightness) >= 0).all()
    assert brightness[0] < 20
    assert brightness[-1] > 500
    assert painted[0, 30, 0] > painted[0, 30, 2]  # red, not blue
