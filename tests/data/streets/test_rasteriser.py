"""What is painted: exact silhouettes, right order, soft edges."""

import numpy as np
import pytest

from bdnet.data.streets.camera import Camera
from bdnet.data.streets.classes import Label
from bdnet.data.streets.props import floor, upright, wall
from bdnet.data.streets.rasteriser import Canvas, Surface
from bdnet.data.streets.textures import Texture, premultiplied

CAMERA = Camera((0.0, 1.5, 0.0), yaw=0.0, pitch=0.0, focal=200.0, height=128, width=256)


def plain(colour: tuple[int, int, int], size: int = 64) -> Texture:
    """Return an opaque texture of one colour."""
    return Texture(np.full((size, size, 3), colour, np.uint8))


def painted(*surfaces: Surface) -> Canvas:
    """Return a canvas with black sky behind surfaces, painted in their order."""
    canvas = Canvas(128, 256)
    canvas.clear(np.zeros((128, 256, 3), np.uint8))
    canvas.paint(surfaces, CAMERA.matrix())
    return canvas


def test_label_lands_where_algebra_says() -> None:
    board = upright(plain((255, 0, 0)), Label.SIGN, 2.0, 1.0, base=1.0).moved(0, 10)
    canvas = painted(board)
    expected = np.zeros((128, 256), bool)
    expected[54:74, 108:148] = True  # 20 pixels per metre around (128, 64)
    assert (canvas.label == np.where(expected, Label.SIGN, Label.SKY)).all()
    assert canvas.inverse_depth[expected] == pytest.approx(0.1, rel=1e-3)
    assert (canvas.inverse_depth[~expected] == 0).all()


def test_edge_between_pixels_is_soft_and_label_hard() -> None:
    # left edge at 108.25: that pixel is covered to three quarters
    board = upright(plain((200, 200, 200)), Label.SIGN, 2.0, 1.0, base=1.0).moved(0.0125, 10)
    canvas = painted(board)
    assert canvas.image[64, 107:110, 0].tolist() == pytest.approx([0, 150, 200], abs=12)
    assert canvas.label[64, 107:110].tolist() == [Label.SKY, Label.SIGN, Label.SIGN]


def test_later_surface_hides_earlier_one() -> None:
    far = upright(plain((255, 0, 0)), Label.BUILDING, 8.0, 4.0).moved(0, 20)
    near = upright(plain((0, 255, 0)), Label.CAR, 1.0, 1.0, base=1.0).moved(0, 8)
    canvas = painted(far, near)
    assert canvas.label[64, 128] == Label.CAR
    assert canvas.image[64, 128].tolist() == [0, 255, 0]
    assert canvas.inverse_depth[64, 128] == pytest.approx(1 / 8, rel=1e-3)
    assert canvas.label[64, 108] == Label.BUILDING


def test_silhouette_is_alpha_of_one_half() -> None:
    row, column = np.mgrid[:64, :64]
    alpha = np.clip(1.5 - np.hypot(row - 31.5, column - 31.5) / 20, 0, 1)
    sprite = Texture(premultiplied(np.full((64, 64, 3), 200.0), alpha))
    # one texel per pixel: 64 pixels for 3.2 metres at 10 metres
    canvas = painted(upright(sprite, Label.TREE, 3.2, 3.2).moved(0, 10))
    window = canvas.label[30:94, 96:160]
    assert (window == np.where(alpha >= 0.5, Label.TREE, Label.SKY)).mean() > 0.995
    shown = canvas.image[30:94, 96:160, 0].astype(float) / 200
    assert np.abs(shown - alpha).max() < 0.02


def test_ground_reaches_behind_the_camera() -> None:
    canvas = painted(floor(plain((90, 90, 90)), Label.ROAD, (-900.0, 900.0), (-20.0, 400.0)))
    assert (canvas.label[66:] == Label.ROAD).all()
    assert (canvas.label[:64] == Label.SKY).all()
    rows = np.arange(66, 128) + 0.5
    assert canvas.inverse_depth[66:, 30] == pytest.approx((rows - 64) / (200 * 1.5), rel=1e-3)


def test_walls_face_the_street_on_both_sides() -> None:
    left = wall(plain((9, 9, 9)), Label.BUILDING, -4.0, (-5.0, 30.0), 6.0)
    right = wall(plain((9, 9, 9)), Label.FENCE, 4.0, (-5.0, 30.0), 6.0)
    canvas = painted(left, right)
    assert canvas.label[64, 0] == Label.BUILDING
    assert canvas.label[64, 255] == Label.FENCE
    assert canvas.label[64, 128] == Label.SKY


def test_repeated_texture_is_anchored_to_the_world() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:32] = 250  # the far half of every 2 metres
    ground = floor(Texture(stripes), Label.ROAD, (-20.0, 20.0), (-10.0, 10.0), repeats=(1.0, 10.0))
    canvas = painted(ground)
    for z, bright in ((5.6, True), (6.4, False), (7.6, True)):  # light from 5 to 6, 7 to 8 metres
        row = int(64 + 200 * 1.5 / z)
        assert (canvas.image[row, 128, 0] > 128) == bright


def test_shadow_darkens_and_keeps_the_label() -> None:
    ground = floor(plain((200, 200, 200)), Label.ROAD, (-50.0, 50.0), (-20.0, 400.0))
    black = np.zeros((32, 32, 4), np.uint8)
    black[..., 3] = 128
    shade = floor(Texture(black), Label.UNCHANGED, (-1.0, 1.0), (8.0, 12.0))
    canvas = painted(ground, shade)
    row = int(64 + 200 * 1.5 / 10)
    assert canvas.label[row, 128] == Label.ROAD
    assert canvas.image[row, 128, 0] == pytest.approx(100, abs=2)
