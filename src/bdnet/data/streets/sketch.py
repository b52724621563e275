"""A drawing board in metres for sprites with a transparent ground."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.data.streets.textures import Texels, Texture, Tint

FINER = 3  # drawn this much finer than the texture, then area-averaged into soft edges
SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
RING = np.array([(np.cos(turn), np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 21)[:-1]])
Point = tuple[float, float]


class Sketch:
    """A transparent picture, x from -width/2 to width/2 and y from 0 (bottom) to height, metres."""

    def __init__(self, width: float, height: float, scale: float) -> None:
        self.width, self.height = width, height
        columns, rows = max(2, round(width * scale)), max(2, round(height * scale))
        self._per_metre = columns * FINER / width
        # from metres to fixed-point pixels, whose centres have whole numbers
        steps = np.array([self._per_metre, -rows * FINER / height])
        start = np.array([columns * FINER / 2, rows * FINER]) - 0.5
        self._steps, self._start = steps * (1 << SHIFT), start * (1 << SHIFT)
        self._pixels: Texels = np.zeros((rows * FINER, columns * FINER, 4), np.uint8)

    def _points(self, points: Sequence[Point] | NDArray[np.float64]) -> NDArray[np.int32]:
        """Return metres as OpenCV's fixed-point pixels."""
        fixed: NDArray[np.int32] = np.rint(points * self._steps + self._start).astype(np.int32)
        return fixed

    def polygon(self, points: Sequence[Point], colour: Tint) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self._pixels, [self._points(points)], (*colour, 255), shift=SHIFT)

    def box(self, x: float, y: float, x1: float, y1: float, colour: Tint) -> None:
        """Fill a rectangle."""
        self.polygon([(x, y), (x1, y), (x1, y1), (x, y1)], colour)

    def disc(self, x: float, y: float, across: float, up: float, colour: Tint) -> None:
        """Fill an ellipse of the given half-axes."""
        ring = RING * (across, up) + (x, y)
        cv2.fillPoly(self._pixels, [self._points(ring)], (*colour, 255), shift=SHIFT)

    def line(self, points: Sequence[Point], thickness: float, colour: Tint) -> None:
        """Draw a line with round ends."""
        pixels = max(1, round(thickness * self._per_metre))
        path = [self._points(points)]
        cv2.polylines(self._pixels, path, False, (*colour, 255), pixels, cv2.LINE_8, SHIFT)

    def pixels(
        self, random: np.random.Generator, grain: float = 0.07, roundness: float = 0.0
    ) -> Texels:
        """Return the picture [h,w,4], premultiplied; `roundness` darkens its sides as a pipe's."""
        rows, columns = self._pixels.shape[0] // FINER, self._pixels.shape[1] // FINER
        soft = cv2.resize(self._pixels, (columns, rows), interpolation=cv2.INTER_AREA)
        coarse = random.standard_normal((rows // 6 + 2, columns // 6 + 2), np.float32)
        tone = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_LINEAR)
        tone = 1 + grain * (tone + 0.5 * random.standard_normal((rows, columns), np.float32))
        if roundness:
            position = np.linspace(-1, 1, columns, dtype=np.float32)
            tone *= 1 - roundness * (position + 0.3) ** 2
        channels = cv2.merge([tone, tone, tone, np.ones_like(tone)])
        return cv2.multiply(soft, channels, dtype=cv2.CV_8U)  # type: ignore[return-value]

    def texture(
        self, random: np.random.Generator, grain: float = 0.07, roundness: float = 0.0
    ) -> Texture:
        """Return the finished sprite."""
        return Texture(self.pixels(random, grain, roundness))
