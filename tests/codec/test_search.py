"""Fields that an encoder in memory finds: known motion, and the same whatever surrounds them."""

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from bdnet.codec.search import SEARCHES, Field, MotionSearch, Search
from bdnet.types import cells

SCENE = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (400, 500, 3)).astype(np.uint8), (0, 0), 2
)
SCENE = cv2.normalize(SCENE, None, 0, 255, cv2.NORM_MINMAX)


def pan(frames: int, x: float, y: float, height: int = 144, width: int = 208) -> list[NDArray]:
    """The scene seen through a window that moves by (x, y) pixels per frame."""
    matrices = [np.float32([[1, 0, 60 + x * t], [0, 1, 60 + y * t]]) for t in range(frames)]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return [cv2.warpAffine(SCENE, matrix, (width, height), flags=flags) for matrix in matrices]


def fields(images: list[NDArray], search: Search | None = None) -> list[Field | None]:
    searching = MotionSearch(search)
    return [searching.field(image) for image in images]


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, -2), (1.25, 0.5), (-6, 4)])
def test_a_pan_is_found(name: str, x: float, y: float):
    first, *others = fields(pan(5, x, y), SEARCHES[name])
    assert first is None
    for field in others:
        assert field is not None
        motion, valid = field
        inner = motion[:, 2:-2, 2:-2] - np.float32([x, y])[:, None, None]
        right = np.abs(inner).max(0) <= (0.5 if SEARCHES[name].half else 0.25)
        assert (right & valid[2:-2, 2:-2]).mean() >= 0.95


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize(("height", "width"), [(144, 208), (97, 131), (18, 34), (50, 50)])
def test_odd_sizes_have_the_same_grid(name: str, height: int, width: int):
    for field in fields(pan(3, 2, 0, height, width), SEARCHES[name])[1:]:
        assert field is not None
        assert field[0].shape == (2, cells(height), cells(width))
        assert field[0].dtype == np.float32
        assert field[1].shape == (cells(height), cells(width))


def test_fields_are_the_same_each_time():
    images = pan(6, 2.5, -1)
    for one, other in zip(fields(images)[1:], fields(images)[1:], strict=True):
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def test_another_size_starts_afresh():
    searched = fields([*pan(2, 1, 0), *pan(2, 1, 0, 80, 96)])
    assert [field is None for field in searched] == [True, False, True, False]


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "yuv420p10le", "nv12", "gray", "bgr24"])
def test_decoded_pictures_of_any_format(pixels: str):
    images = pan(3, 3, 1)
    pictures = [VideoFrame.from_ndarray(image, "rgb24").reformat(format=pixels) for image in images]
    for field in fields(pictures)[1:]:
        assert field is not None
        assert np.median(field[0], (1, 2)).tolist() == [3, 1]
