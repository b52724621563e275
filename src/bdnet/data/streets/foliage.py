"""Trees and hedges."""

from typing import NamedTuple

import cv2
import numpy as np

from bdnet.data.streets.light import Light
from bdnet.data.streets.textures import (
    Plane,
    Texels,
    Texture,
    Tint,
    noise,
    pick_colour,
    premultiplied,
)

GREENS: tuple[Tint, ...] = (
    (66, 104, 40),
    (84, 122, 48),
    (52, 92, 48),
    (104, 128, 52),
    (74, 100, 62),
    (134, 124, 48),
)
BARK: tuple[Tint, ...] = ((84, 66, 50), (96, 84, 70), (70, 60, 54))


class Plant(NamedTuple):
    """A grown tree."""

    texture: Texture
    width: float  # metres
    height: float  # metres


def leaves(
    random: np.random.Generator, density: Plane, positions: Plane, sizes: Plane, light: Light
) -> tuple[Plane, Plane]:
    """Return tone [h,w] and density [h,w] of clumps of leaves on an empty `density`, back first.

    positions [n,2] and sizes [n] of the clumps are in texels.
    """
    rows, columns = density.shape
    tone = np.full((rows, columns), 0.5, np.float32)
    for (x, y), size in zip(positions.tolist(), sizes.tolist(), strict=True):
        left, right = max(0, int(x - size)), min(columns, int(x + size) + 2)
        top, bottom = max(0, int(y - size)), min(rows, int(y + size) + 2)
        if left >= right or top >= bottom:
            continue
        u = (np.arange(left, right, dtype=np.float32) - np.float32(x))[None] / np.float32(size)
        v = (np.arange(top, bottom, dtype=np.float32) - np.float32(y))[:, None] / np.float32(size)
        dense = np.maximum(1 - u * u - v * v, 0)
        lit = 0.72 - 0.42 * v + (0.3 * light.sun * light.strength + 0.05) * u
        window = (slice(top, bottom), slice(left, right))
        cover = np.minimum(dense * 2.5, 1)
        tone[window] += (lit * np.float32(random.uniform(0.85, 1.15)) - tone[window]) * cover
        density[window] = np.maximum(density[window], dense)
    return tone, density


def tree(
    random: np.random.Generator, width: float, height: float, scale: float, light: Light
) -> Texels:
    """Return a tree [h,w,4] of `width` by `height` metres, trunk included."""
    rows, columns = round(height * scale), round(width * scale)
    clear = float(random.uniform(0.24, 0.36))  # share of the height without leaves
    positions, sizes = crown(random, rows, columns, clear)
    tone, density = leaves(random, np.zeros((rows, columns), np.float32), positions, sizes, light)
    fine = noise(random, rows, columns, max(4.0, scale * 0.5), 2)
    alpha = np.clip((density * (1 + 0.5 * fine) - 0.2) * 6, 0, 1)
    tone *= 1 + 0.22 * fine
    green = np.array(pick_colour(random, GREENS, 10), np.float32) * np.float32(1.45)
    position = np.linspace(-1, 1, columns, dtype=np.float32) * np.float32(width / 0.6)
    shade = (1 - 0.3 * np.abs(position).clip(0, 1))[None, :, None]
    bark = np.array(pick_colour(random, BARK), np.float32) * (1 + 0.18 * fine[..., None]) * shade
    picture = tone[..., None] * green * alpha[..., None] + bark * (1 - alpha[..., None])
    return premultiplied(picture, np.maximum(alpha, wood(random, rows, columns, clear, scale)))


def crown(
    random: np.random.Generator, rows: int, columns: int, clear: float
) -> tuple[Plane, Plane]:
    """Return positions [n,2] and sizes [n] of clumps of leaves in texels, back first."""
    slender, count = bool(random.random() < 0.25), 56
    angle, radius = random.uniform(0, 2 * np.pi, count), np.sqrt(random.uniform(0, 1, count))
    across = radius * np.cos(angle) * (0.24 if slender else 0.33)
    up = radius * np.sin(angle) * (1 - clear) * 0.36
    across *= 1 - 0.5 * np.clip(up / (1 - clear) + 0.1, 0, 1) * (1.4 if slender else 0.8)
    order = np.argsort(up + 0.05 * random.standard_normal(count))
    positions = np.stack([(0.5 + across) * columns, (0.54 * (1 - clear) - up) * rows], 1)[order]
    largest = min(columns * (0.13 if slender else 0.16), rows * 0.13)
    return positions.astype(np.float32), (random.uniform(0.6, 1, count) * largest).astype(
        np.float32
    )


def wood(random: np.random.Generator, rows: int, columns: int, clear: float, scale: float) -> Plane:
    """Return the alpha [h,w] of a trunk with two branches."""
    alpha = np.zeros((rows, columns), np.uint8)
    middle, fork = columns // 2, round(rows * (1 - clear * 0.8))
    thick = max(2, round(float(random.uniform(0.34, 0.48)) * scale))
    cv2.line(alpha, (middle, rows), (middle, round(rows * (1 - clear) * 0.75)), 255, thick)
    for turn in (-0.22, 0.2):
        tip = (round(columns * (0.5 + turn)), round(rows * (1 - clear) * 0.5))
        cv2.line(alpha, (middle, fork), tip, 255, max(1, thick // 3))
    return alpha.astype(np.float32) / np.float32(255)


def hedge(random: np.random.Generator, width: float, height: float, scale: float) -> Texels:
    """Return a hedge [h,w,4] whose left and right edges meet."""
    rows, columns = round(height * scale), round(width * scale)
    coarse = noise(random, rows, columns, max(8.0, scale * 0.6), 2)
    down = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    tone = 1.15 - 0.5 * down + 0.2 * coarse
    ragged = noise(random, 1, columns, max(8.0, scale), 2)
    alpha = np.clip((down * rows - 0.06 * rows * (1.5 + ragged)) * 0.6, 0, 1)
    return premultiplied(
        tone[..., None] * np.array(pick_colour(random, GREENS, 8), np.float32), alpha
    )


def trees(random: np.random.Generator, count: int, scale: float, light: Light) -> list[Plant]:
    """Return different trees."""
    grown = []
    for _ in range(count):
        width, height = float(random.uniform(3.6, 6.0)), float(random.uniform(5.0, 8.5))
        grown.append(Plant(Texture(tree(random, width, height, scale, light)), width, height))
    return grown
