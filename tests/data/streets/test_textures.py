"""Textures keep their mean when they shrink, and tile without a seam."""

import numpy as np
import pytest

from bdnet.data.streets.textures import Texture, noise, premultiplied


def test_reduced_copies_average() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 64, 3)).astype(np.uint8)
    texture = Texture(pixels)
    small = texture.reduced(3, 2)
    assert small.shape == (8, 8, 4)
    assert small[0, 0, :3] == pytest.approx(pixels[:4, :8].mean((0, 1)), abs=1)
    assert (small[..., 3] == 255).all()
    assert texture.reduced(50, 50).shape == (1, 1, 4)


def test_mirrored() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 4)).astype(np.uint8)
    assert (Texture(pixels).mirrored().reduced(0, 0) == pixels[:, ::-1]).all()


def test_noise_tiles_and_has_detail_at_every_scale() -> None:
    field = noise(np.random.default_rng(1), 64, 96, 32, 2)
    inner = np.abs(np.diff(field, axis=1)).mean()
    seam = np.abs(field[:, 0] - field[:, -1]).mean()
    assert seam < 2 * inner
    assert 0.5 < field.std() < 1.5
    for grain in (2, 8, 32):
        blocks = field[: 64 // grain * grain].reshape(64 // grain, grain, 96 // grain, grain)
        assert blocks.mean((1, 3)).std() > 0.1


def test_cut_out_is_premultiplied() -> None:
    pixels = premultiplied(np.full((2, 2, 3), 200.0), np.array([[0.0, 0.5], [1.0, 2.0]]))
    assert pixels[..., 0].tolist() == [[0, 100], [200, 200]]
    assert pixels[..., 3].tolist() == [[0, 128], [255, 255]]
