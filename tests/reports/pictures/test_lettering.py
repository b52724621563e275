"""Captions and legends."""

import numpy as np
import pytest

from bdnet.data.classes import Classes, default_colours
from bdnet.reports.pictures.lettering import LINE, captioned, ink_on, legend, plate


def test_a_plate_is_as_wide_as_its_words():
    short, long = (plate(words, 20, (255, 255, 255), (0, 0, 0)) for words in ("car", "car, car"))
    assert short.shape[0] == long.shape[0] == 20
    assert long.shape[1] > short.shape[1] + 15
    assert short.max() > 200
    assert not short[:, 0].any()  # a margin


def test_ink_is_read_on_any_ground():
    assert ink_on((220, 220, 0))[0] < 50
    assert ink_on((0, 0, 142))[0] > 200


@pytest.mark.parametrize("words", ["x", "word " * 12, "word " * 60])
def test_a_caption_changes_neither_tile_nor_width(words: str):
    tile = np.full((30, 200, 3), 77, np.uint8)
    picture = captioned(tile, words)
    assert picture.shape == (30 + LINE, 200, 3)
    assert (picture[LINE:] == 77).all()
    assert picture[:LINE].max() > 150


def test_long_captions_have_smaller_letters_rather_than_no_end():
    words = "many words before the very last one"
    tile = np.zeros((4, plate(words, LINE, (255,) * 3, (0,) * 3).shape[1] - 20, 3), np.uint8)
    assert not np.array_equal(captioned(tile, words)[:LINE], captioned(tile, words + "!")[:LINE])


@pytest.mark.parametrize("width", [30, 256, 301, 2048])
@pytest.mark.parametrize("count", [1, 11, 19])
def test_a_legend_shows_every_colour_at_any_width(width: int, count: int):
    names = tuple(f"class {number}" for number in range(count))
    classes = Classes(names, tuple(default_colours(count)))
    picture = legend(classes, width)
    assert picture.shape[1] == width
    assert picture.shape[0] % LINE == 0
    shown = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    assert set(classes.colours) <= shown
