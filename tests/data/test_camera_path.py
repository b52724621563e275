"""Synthetic camera motion: smooth, seeded, a few pixels a frame, and still at the label."""

import numpy as np
import pytest

from bdnet.data.camera_path import CameraPath
from bdnet.data.errors import BadData

HEIGHT, WIDTH = 360, 480
CORNERS = np.array([[0, WIDTH - 1, 0, WIDTH - 1], [0, 0, HEIGHT - 1, HEIGHT - 1], [1, 1, 1, 1]])


def seen(matrices: np.ndarray) -> np.ndarray:
    """[length, 2, 4] where the corners of the still are in each frame."""
    moved = matrices @ CORNERS
    return moved[:, :2] / moved[:, 2:]


@pytest.mark.parametrize("seed", range(8))
def test_corners_move_a_few_pixels_a_frame_and_smoothly(seed: int):
    matrices = CameraPath().homographies(HEIGHT, WIDTH, 30, 29, (seed,))
    steps = np.diff(seen(matrices), axis=0)
    lengths = np.hypot(*steps.transpose(1, 0, 2))
    assert 0.3 < lengths.mean() < 8
    assert lengths.max() < 16
    assert np.abs(np.diff(steps, axis=0)).max() < 2  # no jerk


@pytest.mark.parametrize("still", [0, 5, 11])
def test_labelled_frame_shows_the_still(still: int):
    matrices = CameraPath().homographies(HEIGHT, WIDTH, 12, still, (1, 2))
    assert matrices.shape == (12, 3, 3)
    assert np.array_equal(matrices[still], np.eye(3))


def test_path_is_a_function_of_the_seed():
    path = CameraPath()
    first, again, reseeded = (path.homographies(64, 64, 12, 11, (seed, 7)) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.allclose(first, reseeded)


@pytest.mark.parametrize(
    ("speeds", "moved"),
    [
        ({"pan": 3.0}, lambda corners: corners - corners[0]),
        ({"zoom": 0.02}, lambda corners: corners.mean(2) - corners[0].mean(1)),
        ({"rotation": 0.5}, lambda corners: corners.mean(2) - corners[0].mean(1)),
    ],
)
def test_each_speed_does_what_it_says(speeds: dict[str, float], moved):
    """A pan moves all corners alike; zoom and rotation leave the middle where it is."""
    still = {"pan": 0, "zoom": 0, "rotation": 0, "perspective": 0}
    corners = seen(CameraPath(**(still | speeds)).homographies(HEIGHT, WIDTH, 12, 0, (3,)))
    assert not np.allclose(corners[-1], corners[0])
    shift = moved(corners)
    assert np.allclose(shift, shift[..., :1] if shift.ndim == 3 else 0, atol=1e-6)


def test_perspective_enlarges_one_side():
    path = CameraPath(pan=0, zoom=0, rotation=0, perspective=0.01)
    corners = seen(path.homographies(HEIGHT, WIDTH, 12, 0, (3,)))[-1]
    left, right = corners[1, 2] - corners[1, 0], corners[1, 3] - corners[1, 1]
    assert abs(left - right) > 1


def test_impossible_speeds_are_refused():
    with pytest.raises(BadData, match="pan=-1"):
        CameraPath(pan=-1)
    with pytest.raises(BadData, match="zoom"):
        CameraPath(zoom=0.5)
