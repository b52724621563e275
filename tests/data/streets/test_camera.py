"""The camera is a pinhole that drives forward."""

import numpy as np
import pytest

from bdnet.data.streets import StreetParameters
from bdnet.data.streets.camera import LANE, Camera, drive, focal_length


def seen(camera: Camera, point: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return column, row and depth of a point of the world."""
    column, row, depth = (camera.matrix() @ (*point, 1.0)).tolist()
    return column / depth, row / depth, depth


def test_pinhole() -> None:
    camera = Camera((1.0, 1.5, 2.0), yaw=0.0, pitch=0.0, focal=200.0, height=128, width=256)
    # 2 m right, 0.5 m below the eye, 10 m ahead
    assert seen(camera, (3.0, 1.0, 12.0)) == pytest.approx((128 + 40, 64 + 10, 10))


def test_turning_moves_the_picture_the_other_way() -> None:
    ahead = (0.0, 1.5, 50.0)
    right = Camera((0.0, 1.5, 0.0), yaw=0.1, pitch=0.0, focal=200.0, height=128, width=256)
    up = Camera((0.0, 1.5, 0.0), yaw=0.0, pitch=0.1, focal=200.0, height=128, width=256)
    assert seen(right, ahead)[:2] == pytest.approx((128 - 200 * np.tan(0.1), 64))
    assert seen(up, ahead)[:2] == pytest.approx((128, 64 + 200 * np.tan(0.1)))


def test_field_of_view_spans_the_width() -> None:
    parameters = StreetParameters(width=256, field_of_view=90.0)
    assert focal_length(parameters) == pytest.approx(128)


def test_drives_forward_within_its_lane() -> None:
    parameters = StreetParameters(length=200, speed=(0.3, 0.3))
    cameras = drive(parameters, np.random.default_rng(5))
    steps = np.diff([camera.position[2] for camera in cameras])
    assert cameras[0].position[2] == 0
    assert (steps >= 0.3 * 0.85 - 1e-9).all()
    assert (steps <= 0.3 * 1.15 + 1e-9).all()
    assert np.ptp(steps) > 0.01
    assert all(abs(camera.position[0] - LANE) <= 0.25 for camera in cameras)
    assert 0 < max(abs(camera.yaw) for camera in cameras) < 0.05


def test_fixed_point_leaves_the_focus_of_expansion() -> None:
    first = Camera((0.0, 1.5, 0.0), 0.0, 0.0, 200.0, 128, 256)
    second = Camera((0.0, 1.5, 4.0), 0.0, 0.0, 200.0, 128, 256)
    post = (3.0, 0.5, 20.0)
    offset = np.array(seen(first, post)[:2]) - (128, 64)
    later = np.array(seen(second, post)[:2]) - (128, 64)
    assert later == pytest.approx(offset * 20 / 16)
