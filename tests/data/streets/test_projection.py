"""Quads land on the pixels that pinhole algebra says."""

import numpy as np
import pytest

from bdnet.data.streets.camera import Camera
from bdnet.data.streets.projection import NEAR, Placement, Quad, clip_near, project

CAMERA = Camera((0.0, 1.5, 0.0), yaw=0.0, pitch=0.0, focal=200.0, height=128, width=256)


def placed(along: object, down: object, corner: object, texels: int = 64) -> list[Placement]:
    """Return where a quad is seen by CAMERA."""
    frame = np.array([along, down, corner], np.float64).T
    return list(project([Quad(frame, texels, texels)], CAMERA.matrix(), 128, 256))


def test_upright_quad_at_known_depth() -> None:
    (placement,) = placed((2, 0, 0), (0, -1, 0), (-1, 2, 10))
    # x from -1 to 1 and y from 1 to 2 metres at 10 metres: 20 pixels per metre
    assert placement.outline[:4] == pytest.approx(
        np.array([[108, 54], [148, 54], [148, 74], [108, 74]])
    )
    assert placement.window == (107, 53, 149, 75)
    assert not placement.clipped
    along, down, inverse_depth = np.array(placement.inverse) @ (128, 64, 1)
    assert (along / inverse_depth, down / inverse_depth, inverse_depth) == pytest.approx(
        (0.5, 0.5, 0.1)
    )


def test_texture_is_halved_until_it_fits() -> None:
    (fine,) = placed((2, 0, 0), (0, -1, 0), (-1, 2, 10), texels=40)
    (coarse,) = placed((2, 0, 0), (0, -1, 0), (-1, 2, 40), texels=40)
    # 40 texels on 40 by 20 pixels, and on 10 by 5 pixels
    assert fine.levels == (0, 1)
    assert coarse.levels == (2, 3)


@pytest.mark.parametrize(
    ("along", "down", "corner"),
    [
        ((-2, 0, 0), (0, -1, 0), (1, 2, 10)),  # its back
        ((2, 0, 0), (0, -1, 0), (-1, 2, -10)),  # behind the camera
        ((2, 0, 0), (0, -1, 0), (100, 2, 10)),  # beside the picture
        ((0.01, 0, 0), (0, -0.01, 0), (0, 2, 50)),  # smaller than a pixel
        ((2, 0, 0), (0, 0, 0), (-1, 2, 10)),  # a line
    ],
)
def test_unseen_quads_are_left_out(along: object, down: object, corner: object) -> None:
    assert placed(along, down, corner) == []


def test_ground_under_the_camera_is_cut_at_the_near_plane() -> None:
    (placement,) = placed((4, 0, 0), (0, 0, -30), (-2, 0, 20))
    rows = [row for _, row in placement.outline]
    assert placement.clipped
    assert min(rows) == pytest.approx(64 + 200 * 1.5 / 20)
    assert max(rows) == pytest.approx(64 + 200 * 1.5 / NEAR)
    assert placement.window == (0, 78, 256, 128)


def test_wall_that_passes_the_camera_keeps_what_is_ahead() -> None:
    (placement,) = placed((0, 0, 30), (0, -3, 0), (-4, 3, -10))
    columns = [column for column, _ in placement.outline]
    assert placement.clipped
    assert max(columns) == pytest.approx(128 - 200 * 4 / 20)
    assert placement.window[0] == 0


@pytest.mark.parametrize(("depths", "corners"), [((1, 1, 1, 1), 4), ((1, 1, 0, 0), 4)])
def test_cut_counts_corners(depths: tuple[float, ...], corners: int) -> None:
    square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    points = [[x, y, depth] for (x, y), depth in zip(square, depths, strict=True)]
    assert len(clip_near(points)) == corners


def test_cut_of_one_corner_leaves_five() -> None:
    assert len(clip_near([[0, 0, 1], [1, 0, 1], [1, 1, 0], [0, 1, 1]])) == 5
    assert clip_near([[0, 0, -1], [1, 0, -1], [1, 1, -1], [0, 1, -1]]) == []
