"""Poles, signs and fences."""

import numpy as np

from bdnet.data.streets.light import Light
from bdnet.data.streets.sketch import Sketch
from bdnet.data.streets.textures import (
    Texels,
    Texture,
    Tint,
    darker,
    filled,
    noise,
    pick_colour,
    premultiplied,
    to_bytes,
)

METALS: tuple[Tint, ...] = ((118, 122, 124), (92, 98, 98), (142, 142, 138), (70, 84, 80))
BLUE: Tint = (32, 80, 170)
RED: Tint = (200, 30, 34)
WHITE: Tint = (240, 240, 236)
POSTERS: tuple[Tint, ...] = (
    (206, 70, 60),
    (236, 204, 84),
    (70, 120, 176),
    (230, 226, 214),
    (80, 150, 110),
    (190, 110, 170),
)


def lamp(random: np.random.Generator, height: float, scale: float) -> Texture:
    """Draw a stout lamp post, 2.6 metres wide with the lamp at its left."""
    sketch, metal = Sketch(2.6, height, scale), pick_colour(random, METALS)
    sketch.line([(0, height - 0.3), (-1.0, height - 0.15)], 0.16, metal)
    sketch.box(-1.28, height - 0.3, -0.6, height - 0.06, darker(metal, 0.8))
    sketch.box(-1.2, height - 0.3, -0.7, height - 0.24, (250, 244, 210))
    for left, right, tone in ((-0.16, -0.05, 0.95), (-0.05, 0.06, 1.15), (0.06, 0.16, 0.65)):
        sketch.box(left, 0, right, height - 0.2, darker(metal, tone))
    sketch.polygon([(-0.26, 0), (0.26, 0), (0.22, 1.1), (-0.22, 1.1)], darker(metal, 0.85))
    for y in np.arange(1.4, height - 1, 0.9).tolist():
        sketch.box(-0.17, y, 0.17, y + 0.1, darker(metal, 0.55))
    return sketch.texture(random, 0.1)


def mast(random: np.random.Generator, height: float, scale: float) -> Texture:
    """Draw a tram mast or telegraph pole, 0.5 metres wide."""
    sketch = Sketch(0.5, height, scale)
    sketch.polygon(
        [(-0.22, 0), (0.22, 0), (0.16, height), (-0.16, height)],
        pick_colour(random, (*METALS, (120, 92, 66))),
    )
    for y in np.arange(0.8, height, 1.1).tolist():
        sketch.box(-0.2, y, 0.2, y + 0.14, (60, 60, 60))
    sketch.box(-0.18, 1.5, 0.18, 2.1, pick_colour(random, POSTERS))
    return sketch.texture(random, 0.12, 0.35)


def column(random: np.random.Generator, scale: float) -> Texture:
    """Draw an advertising column, 1.3 by 3.4 metres."""
    sketch = Sketch(1.3, 3.4, scale)
    sketch.box(-0.58, 0, 0.58, 3.0, (150, 146, 136))
    for row in range(3):
        for x in (-0.56, 0.02):
            y = 0.55 + 0.8 * row
            poster = pick_colour(random, POSTERS, 14)
            sketch.box(x, y, x + 0.54, y + 0.74, poster)
            sketch.box(x + 0.1, y + 0.12, x + 0.42, y + 0.2, darker(poster, 0.4))
            sketch.disc(
                x + 0.27, y + 0.46, 0.15, 0.17, darker(poster, float(random.uniform(0.5, 1.4)))
            )
    sketch.box(-0.62, 0, 0.62, 0.4, (96, 100, 100))
    sketch.box(-0.64, 2.95, 0.64, 3.12, (84, 110, 96))
    sketch.polygon([(-0.6, 3.12), (0.6, 3.12), (0.12, 3.38), (-0.12, 3.38)], (70, 96, 84))
    return sketch.texture(random, 0.06, 0.32)


def bollard(random: np.random.Generator, scale: float) -> Texture:
    """Draw a bollard, 0.4 by 1.1 metres."""
    sketch, metal = Sketch(0.4, 1.1, scale), pick_colour(random, METALS)
    sketch.box(-0.17, 0, 0.17, 0.95, metal)
    sketch.disc(0, 0.93, 0.17, 0.15, metal)
    sketch.box(-0.17, 0.7, 0.17, 0.86, pick_colour(random, ((236, 236, 230), RED)))
    sketch.box(-0.2, 0, 0.2, 0.16, darker(metal, 0.6))
    return sketch.texture(random, 0.08, 0.3)


def post(random: np.random.Generator, height: float, scale: float) -> Texture:
    """Draw the post of a sign, 0.26 metres wide."""
    sketch, metal = Sketch(0.26, height, scale), pick_colour(random, METALS)
    sketch.box(-0.11, 0, 0.11, height, metal)
    sketch.box(-0.13, 0, 0.13, 0.3, darker(metal, 0.6))
    for y in np.arange(0.9, height, 0.8).tolist():
        sketch.box(-0.11, y, 0.11, y + 0.08, darker(metal, 0.7))
    return sketch.texture(random, 0.08, 0.4)


def sign(random: np.random.Generator, kind: str, scale: float) -> Texture:
    """Draw a sign of 1 by 1 metre (`round`, `triangle`, `square`) or 0.5 by 1.2 (`signal`)."""
    if kind == "signal":
        sketch, lit = Sketch(0.56, 1.3, scale), int(random.integers(3))
        sketch.box(-0.27, 0, 0.27, 1.3, (30, 32, 34))
        for index, colour in enumerate(((60, 220, 110), (250, 190, 50), (240, 50, 44))):
            shade = colour if index == lit else darker(colour, 0.3)
            sketch.disc(0, 0.23 + 0.42 * index, 0.17, 0.17, shade)
        return sketch.texture(random, 0.03)
    sketch = Sketch(1.0, 1.0, scale)
    if kind == "triangle":
        sketch.polygon([(-0.49, 0.05), (0.49, 0.05), (0, 0.95)], RED)
        sketch.polygon([(-0.32, 0.15), (0.32, 0.15), (0, 0.74)], WHITE)
        sketch.box(-0.05, 0.28, 0.05, 0.5, (30, 30, 30))
    elif kind == "square":
        sketch.box(-0.48, 0.02, 0.48, 0.98, WHITE)
        sketch.box(-0.44, 0.06, 0.44, 0.94, BLUE)
        sketch.polygon([(-0.25, 0.2), (0.25, 0.2), (0, 0.75)], WHITE)
    else:
        rim, field = ((RED, WHITE), (BLUE, BLUE), (RED, RED))[int(random.integers(3))]
        sketch.disc(0, 0.5, 0.49, 0.49, WHITE)
        sketch.disc(0, 0.5, 0.46, 0.46, rim)
        sketch.disc(0, 0.5, 0.32, 0.32, field)
        mark = WHITE if field != WHITE else (40, 40, 40)
        sketch.box(-0.26, 0.43, 0.26, 0.58, mark)
    return sketch.texture(random, 0.03)


def board(random: np.random.Generator, scale: float) -> Texture:
    """Draw a direction board, 3 by 1.5 metres."""
    sketch = Sketch(3.0, 1.5, scale)
    ground = BLUE if random.random() < 0.6 else (236, 196, 40)
    ink = WHITE if ground == BLUE else (30, 30, 30)
    sketch.box(-1.5, 0, 1.5, 1.5, ink)
    sketch.box(-1.43, 0.07, 1.43, 1.43, ground)
    for row in range(3):
        x = -1.2
        while x < 0.9:
            word = float(random.uniform(0.2, 0.5))
            sketch.box(x, 0.25 + 0.4 * row, min(x + word, 1.0), 0.43 + 0.4 * row, ink)
            x += word + 0.12
    sketch.polygon([(1.05, 0.3), (1.3, 0.3), (1.175, 1.2)], ink)
    return sketch.texture(random, 0.04)


def fence(
    random: np.random.Generator, height: float, scale: float, light: Light, side: int
) -> Texels:
    """Return 4 metres of fence whose ends meet: boards, palings or a wall with a rail."""
    rows, columns = round(height * scale), round(4 * scale)
    kind = int(random.integers(3))
    x = (np.arange(columns) + 0.5) / columns * 4
    y = (1 - (np.arange(rows) + 0.5) / rows) * height
    tone = pick_colour(
        random, ((150, 108, 70), (206, 200, 188), (104, 84, 66), (96, 116, 92), (176, 120, 96)), 12
    )
    picture = filled(rows, columns, tone) + 8 * noise(random, rows, columns, scale, 2)[..., None]
    alpha = np.ones((rows, columns), np.float32)
    if kind == 2:  # blocks of stone under a coping
        row = np.floor(y / 0.28).astype(int)
        block = np.floor((x[None] / 0.5 + 0.5 * (row[:, None] % 2)) % 8).astype(int)
        picture += random.normal(0, 14, (row[0] + 1, 9))[row[:, None], block][..., None]
        picture[(y % 0.28) < 0.05] *= 0.7
        picture[y > height - 0.16] = np.array(tone, np.float32) * 1.2
    else:
        pitch = 0.25 if kind == 0 else 0.5
        plank = np.floor(x / pitch).astype(int)
        picture += random.normal(0, 12, plank[-1] + 1)[plank][None, :, None]
        gap = (x % pitch) < (0.035 if kind == 0 else 0.12)
        picture[:, gap] *= 0.35 if kind == 0 else 0.6
        if kind == 1:
            crest = height - 0.14 * np.abs((x % pitch) / pitch - 0.56) / 0.44
            alpha = (
                (y[:, None] < crest[None]) & (~gap[None] | (y[:, None] < height - 0.3))
            ).astype(np.float32)
        for rail in (0.25, height - 0.42):
            picture[np.abs(y - rail) < 0.06] *= 0.8
    picture *= light.brightness(side)
    return to_bytes(picture) if kind == 2 else premultiplied(picture, alpha)
