"""Overlays: colours over the picture, marks of keyframes, even sizes."""

import cv2
import numpy as np
import pytest

from bdnet.data.classes import Classes
from bdnet.reports.pictures.overlay import KEY, OPACITY, overlay

CLASSES = Classes(("road", "car"), ((200, 0, 0), (0, 0, 200)))


def frame(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    image = np.full((height, width, 3), 100, np.uint8)
    labels = np.zeros((height, width), np.uint8)
    labels[:, width // 2 :] = 1
    labels[height // 2 :] = 255
    return image, labels


def test_colours_lie_over_the_picture_and_void_does_not():
    picture = overlay(*frame(400, 800), CLASSES, is_key=False, offset=3).astype(int)
    for (y, x), colour in (((150, 200), (200, 0, 0)), ((150, 500), (0, 0, 200))):
        wanted = OPACITY * np.array(colour) + (1 - OPACITY) * 100
        assert np.abs(picture[y, x] - wanted).max() <= 1
    assert picture[300, 300].tolist() == [100, 100, 100]


def test_keyframes_have_a_border_and_other_frames_their_distance():
    inputs = frame(400, 800)
    key = overlay(*inputs, CLASSES, is_key=True, offset=0)
    others = [overlay(*inputs, CLASSES, is_key=False, offset=offset) for offset in (1, 2)]
    for picture, has_border in ((key, True), *((later, False) for later in others)):
        corners = picture[399, 0], picture[399, 799], picture[0, 799]
        assert all((tuple(colour) == KEY) == has_border for colour in corners)
    difference = np.argwhere((others[0] != others[1]).any(-1))
    assert len(difference)
    assert difference.max(0)[0] < 20  # in the tag
    assert difference.max(0)[1] < 60


@pytest.mark.parametrize("has_legend", [False, True])
@pytest.mark.parametrize("size", [(127, 255), (301, 401), (128, 256), (33, 17), (601, 900)])
def test_sizes_are_even_and_small_frames_larger(size, has_legend: bool):
    picture = overlay(*frame(*size), CLASSES, True, 0, has_legend)
    factor = max(1, round(800 / size[1]))
    height, width = (factor * side for side in size)
    assert picture.shape[1] == width + width % 2
    assert picture.shape[0] % 2 == 0
    assert (picture.shape[0] >= height + 20) if has_legend else picture.shape[0] - height < 2


def test_an_enlarged_frame_is_the_frame():
    image = np.random.default_rng(0).integers(60, 200, (64, 128, 3), np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 3)
    labels = np.full((64, 128), 255, np.uint8)
    picture = overlay(image, labels, CLASSES, False, 1, has_legend=False)
    small = cv2.resize(picture, (128, 64), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(small - image)[10:].max() <= 3


def test_tall_frames_are_enlarged_no_further_than_a_film_can_be():
    assert overlay(*frame(300, 16), CLASSES, True, 0, has_legend=False).shape == (1800, 96, 3)
    assert overlay(*frame(2000, 16), CLASSES, True, 0, has_legend=False).shape == (2000, 16, 3)
    assert overlay(*frame(3000, 16), CLASSES, True, 0, has_legend=False).shape == (3000, 16, 3)
