"""Captions and legends."""

from functools import lru_cache

import numpy as np
import PIL.Image
from PIL import ImageDraw, ImageFont

from bdnet.codec.pixels import Image
from bdnet.data.classes import Classes, Colour

DARK: Colour = (28, 28, 32)
LIGHT: Colour = (245, 245, 245)
LINE = 20  # pixels, height of a caption and of a line of the legend, on small pictures


def line_height(width: int) -> int:
    """Height of a line of words on a picture of this width."""
    return max(LINE, width // 40)


@lru_cache(256)
def plate(words: str, height: int, ink: Colour, ground: Colour, letters: float = 0.68) -> Image:
    """Words on a ground, [height, as wide as they are, 3]; read-only, since it is cached.

    letters: the size of the letters as a share of the height
    """
    font = ImageFont.load_default(letters * height)
    margin = max(2, height // 3)
    width = int(np.ceil(font.getlength(words))) + 2 * margin
    picture = PIL.Image.new("RGB", (width, height), ground)
    ImageDraw.Draw(picture).text((margin, height / 2), words, ink, font, anchor="lm")
    return np.asarray(picture)


def ink_on(ground: Colour) -> Colour:
    """Black or white, whichever is easier to read there."""
    red, green, blue = ground
    return DARK if 0.3 * red + 0.59 * green + 0.11 * blue > 140 else LIGHT


def paste(canvas: Image, patch: Image, x: int, y: int) -> None:
    """Copies a patch to (x, y), its upper left corner, and cuts it at the edge of the canvas."""
    window = canvas[y : y + patch.shape[0], x : x + patch.shape[1]]
    window[:] = patch[: window.shape[0], : window.shape[1]]


def captioned(tile: Image, words: str) -> Image:
    """A tile below its caption, whose letters shrink until they fit."""
    line = line_height(tile.shape[1])
    canvas = np.full((line + tile.shape[0], tile.shape[1], 3), DARK, np.uint8)
    plates = [plate(words, line, LIGHT, DARK, letters) for letters in (0.68, 0.6, 0.52, 0.45)]
    fitting = [image for image in plates if image.shape[1] <= tile.shape[1]]
    paste(canvas, (fitting or plates[-1:])[0], 0, 0)
    canvas[line:] = tile
    return canvas


@lru_cache(8)
def legend(classes: Classes, width: int, line: int = LINE) -> Image:
    """Class names on their colours, in as many lines as needed; read-only, since it is cached."""
    plates = [
        plate(name, line, ink_on(colour), colour)
        for name, colour in zip(classes.names, classes.colours, strict=True)
    ]
    widest = max(image.shape[1] for image in plates)
    lines = -(-len(plates) // max(1, min(len(plates), width // widest)))
    columns = -(-len(plates) // lines)
    canvas = np.full((lines * line, width, 3), DARK, np.uint8)
    edges = np.linspace(0, width, columns + 1).round().astype(int)
    for number, (name, colour) in enumerate(zip(plates, classes.colours, strict=True)):
        row, column = divmod(number, columns)
        cell = canvas[row * line : (row + 1) * line, edges[column] : edges[column + 1]]
        cell[:] = colour
        paste(cell, name, 0, 0)
    canvas.setflags(write=False)
    return canvas
