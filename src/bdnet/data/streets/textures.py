"""Procedural pictures, kept at several sizes so that far surfaces do not alias."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

Texels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Tint = tuple[float, float, float]


@dataclass(frozen=True)
class Detail:
    """How fine a texture must be at the camera's closest approach."""

    focal: float  # pixels
    travel: float  # metres that the camera drives

    def at(self, z: float, least: float = 5.0) -> float:
        """Return texels per metre for an object at z, out of view nearer than `least` metres."""
        return 1.2 * self.focal / max(z - self.travel, least)


class Texture:
    """A picture, opaque [h,w,3] or premultiplied [h,w,4], and area-averaged smaller copies."""

    def __init__(self, pixels: Texels) -> None:
        self.height, self.width = pixels.shape[:2]
        if pixels.shape[2] == 3:
            pixels = np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], 2)
        self._copies: dict[tuple[int, int], Texels] = {(0, 0): np.ascontiguousarray(pixels)}

    def reduced(self, across: int, down: int) -> Texels:
        """Return the picture [h,w,4], its width halved `across` times, its height `down` times."""
        across = max(0, min(across, self.width.bit_length() - 1))
        down = max(0, min(down, self.height.bit_length() - 1))
        if (across, down) not in self._copies:
            size = (max(1, self.width >> across), max(1, self.height >> down))
            small = cv2.resize(self._copies[0, 0], size, interpolation=cv2.INTER_AREA)
            self._copies[across, down] = small.astype(np.uint8, copy=False)
        return self._copies[across, down]

    def mirrored(self) -> Self:
        """Return the texture with left and right exchanged."""
        return type(self)(self._copies[0, 0][:, ::-1])


def noise(
    random: np.random.Generator, height: int, width: int, coarsest: float, finest: float
) -> Plane:
    """Return tileable noise [h,w] of about unit deviation, grains from `coarsest` to `finest`."""
    total = np.zeros((height, width), np.float32)
    grain, power = coarsest, 0.0
    while grain >= finest:
        rows, columns = max(1, round(height / grain)), max(1, round(width / grain))
        cells = random.standard_normal((rows, columns), np.float32)
        grid = cv2.copyMakeBorder(cells, 1, 1, 1, 1, cv2.BORDER_WRAP)
        step_y, step_x = height / rows, width / columns
        # pixel centres in grid coordinates; the padding of one cell makes the edges meet
        matrix = np.array(
            [[1 / step_x, 0, 0.5 / step_x + 0.5], [0, 1 / step_y, 0.5 / step_y + 0.5]]
        )
        total += cv2.warpAffine(
            grid,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        power += 0.45
        grain /= 2
    return total / np.float32(max(power, 0.45) ** 0.5)


def filled(height: int, width: int, colour: Sequence[float]) -> Plane:
    """Return a float picture [h,w,3] of one colour."""
    return np.full((height, width, 3), colour, np.float32)


def to_bytes(picture: NDArray[np.floating]) -> Texels:
    """Round a float picture to bytes."""
    rounded: Texels = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    return rounded


def premultiplied(picture: NDArray[np.floating], alpha: NDArray[np.floating]) -> Texels:
    """Return premultiplied [h,w,4] of colours [h,w,3] (0..255) and alpha [h,w] (0..1)."""
    alpha = np.clip(alpha, 0, 1)[..., None]
    return to_bytes(np.concatenate([np.clip(picture, 0, 255) * alpha, 255 * alpha], 2))


def jittered(random: np.random.Generator, colour: Sequence[float], amount: float) -> Tint:
    """Return the colour changed at random by about `amount` grey levels."""
    change = random.normal(0, amount) + random.normal(0, amount / 2, 3)
    red, green, blue = np.clip(np.asarray(colour) + change, 5, 250).tolist()
    return red, green, blue


def pick_colour(random: np.random.Generator, choices: Sequence[Tint], amount: float = 8) -> Tint:
    """Return one of the colours, slightly varied."""
    return jittered(random, choices[int(random.integers(len(choices)))], amount)


def darker(colour: Tint, share: float = 0.72) -> Tint:
    """Return a darker shade of the colour."""
    return colour[0] * share, colour[1] * share, colour[2] * share


def lighter(colour: Tint) -> Tint:
    """Return a lighter shade of the colour."""
    red, green, blue = (255 - (255 - part) * 0.6 for part in colour)
    return red, green, blue
