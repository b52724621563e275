"""Textured parallelograms, warped onto a picture and its label map, far ones first."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.data.streets.classes import Label
from bdnet.data.streets.projection import SMALLEST, Placement, Quad, project
from bdnet.data.streets.textures import Texels, Texture

FAINT = 10.0  # pixels^2: a smaller shadow or stain is not drawn


@dataclass(frozen=True, eq=False)
class Surface:
    """A parallelogram that is seen from one side only.

    corner +-----> along        the texture's first row runs from the corner along `along`,
           |                    its first column along `down`
           v down
    """

    frame: NDArray[np.float64]  # [3,3], columns along, down, corner; metres
    texture: Texture
    label: Label
    repeats: tuple[float, float] = (1.0, 1.0)  # of the texture along `along` and `down`

    def moved(self, x: float, z: float) -> Self:
        """Return the surface x metres further right and z metres further ahead."""
        frame = self.frame.copy()
        frame[0, 2] += x
        frame[2, 2] += z
        return type(self)(frame, self.texture, self.label, self.repeats)


class Canvas:
    """The picture that is being painted."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self._colours: Texels = np.zeros((height, width, 4), np.uint8)  # the fourth is unused
        self.label: Texels = np.full((height, width), Label.SKY, np.uint8)
        self.inverse_depth = np.zeros((height, width), np.float32)  # 1/metres

    @property
    def image(self) -> Texels:
        """The colours [H,W,3] painted so far."""
        return self._colours[..., :3]

    def clear(self, sky: Texels) -> None:
        """Start a new picture with nothing but sky [H,W,3]."""
        self._colours[..., :3] = sky
        self.label[:] = Label.SKY
        self.inverse_depth[:] = 0

    def paint(self, surfaces: Sequence[Surface], matrix: NDArray[np.float64]) -> None:
        """Paint surfaces in their order, seen by the camera of `matrix` [3,4]."""
        if not surfaces:
            return
        quads = [
            Quad(
                surface.frame,
                surface.repeats[0] * surface.texture.width,
                surface.repeats[1] * surface.texture.height,
                FAINT if surface.label is Label.UNCHANGED else SMALLEST,
            )
            for surface in surfaces
        ]
        for placement in project(quads, matrix, self.height, self.width):
            self._warp(surfaces[placement.number], placement)

    def _warp(self, surface: Surface, placement: Placement) -> None:
        """Paint one surface where it was placed."""
        left, top, right, bottom = placement.window
        texture, repeats = surface.texture, surface.repeats
        picture = texture.reduced(*placement.levels)
        repeated = repeats != (1.0, 1.0)
        warped = cv2.warpPerspective(
            picture,
            texel_map(placement, repeats[0] * picture.shape[1], repeats[1] * picture.shape[0]),
            (right - left, bottom - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            # outside of the texture all is clear, so that alpha is 0.5 exactly on its edges
            borderMode=cv2.BORDER_WRAP if repeated else cv2.BORDER_CONSTANT,
        )
        if placement.clipped or repeated:
            covered = coverage(placement)
            warped = cv2.multiply(warped, cv2.merge([covered] * 4), dtype=cv2.CV_8U)
        window = (slice(top, bottom), slice(left, right))
        below, alpha = self._colours[window], cv2.extractChannel(warped, 3)
        clear = cv2.bitwise_not(alpha)
        kept = cv2.multiply(below, cv2.merge([clear, clear, clear, clear]), scale=1 / 255)
        below[:] = cv2.add(kept, warped)
        if surface.label is Label.UNCHANGED:
            return
        solid = alpha >= 128
        np.copyto(self.label[window], np.uint8(surface.label), where=solid)
        np.copyto(
            self.inverse_depth[window], inverse_depth(placement), where=solid, casting="same_kind"
        )


def texel_map(placement: Placement, wide: float, high: float) -> NDArray[np.float64]:
    """Return the map [3,3] from pixels of the window to `wide` by `high` texels, as indices."""
    (a, b, c), (d, e, f), (g, h, i) = placement.inverse
    # texel centres lie half a texel from the edge, and pixel centres half a pixel
    x, y = placement.window[0] + 0.5, placement.window[1] + 0.5
    c, f, i = a * x + b * y + c, d * x + e * y + f, g * x + h * y + i
    matrix = [
        [wide * a - g / 2, wide * b - h / 2, wide * c - i / 2],
        [high * d - g / 2, high * e - h / 2, high * f - i / 2],
        [g, h, i],
    ]
    return np.array(matrix)


def inverse_depth(placement: Placement) -> NDArray[np.float32]:
    """Return 1/distance (1/metres) on the window, [h,w], or [] where it hardly varies."""
    left, top, right, bottom = placement.window
    slope_x, slope_y, start = placement.inverse[2]
    middle = slope_x * (left + right) / 2 + slope_y * (top + bottom) / 2 + start
    if abs(slope_x) * (right - left) + abs(slope_y) * (bottom - top) < 0.05 * abs(middle):
        return np.array(middle, np.float32)
    rows = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5)
    columns = np.arange(left, right, dtype=np.float32) + np.float32(0.5)
    plane = (np.float32(slope_y) * rows + np.float32(start))[:, None]
    return plane + (np.float32(slope_x) * columns)[None]


def coverage(placement: Placement) -> NDArray[np.float32]:
    """Return the share [h,w] of each pixel of the window that the outline covers, about exact."""
    left, top, right, bottom = placement.window
    columns = np.arange(left, right, dtype=np.float32) + np.float32(0.5)
    rows = np.arange(top, bottom, dtype=np.float32) + np.float32(0.5)
    covered = np.ones((len(rows), len(columns)), np.float32)
    polygon = placement.outline
    for (x, y), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        length = hypot(x1 - x, y1 - y)
        if length < 1e-6:
            continue
        run, rise = (x1 - x) / length, (y1 - y) / length
        inward = np.float32(run) * (rows - np.float32(y)) + np.float32(rise * x + 0.5)
        distance = inward[:, None] - np.float32(rise) * columns[None]
        # cutting edge after edge keeps the area of slivers thinner than a pixel
        covered += np.minimum(distance, 1, out=distance)
        covered -= 1
    return np.clip(covered, 0, 1, out=covered)
