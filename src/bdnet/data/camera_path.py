"""A camera that moves smoothly over a still picture: a homography for each frame."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bdnet.data.errors import BadData

KNOT = 8  # frames from one drawn speed to the next; the speed changes linearly between them


@dataclass(frozen=True)
class CameraPath:
    """The largest speeds of the camera, below which each clip draws its own.

    pan:         pixels per frame, in x and in y
    zoom:        share of the size per frame: 0.01 of 480 pixels moves the borders by 2.4
    rotation:    degrees per frame, around the middle of the picture
    perspective: share per frame by which the right (lower) border grows and the other one shrinks
    """

    pan: float = 3.0
    zoom: float = 0.01
    rotation: float = 0.3
    perspective: float = 0.004

    def __post_init__(self) -> None:
        for field, most in zip(fields(self), (64.0, 0.2, 15.0, 0.1), strict=True):
            value = getattr(self, field.name)
            if not 0 <= value <= most:
                raise BadData(f"{field.name}={value}: the largest speed, from 0 to {most:g}")

    def homographies(
        self, height: int, width: int, length: int, still: int, seed: Sequence[int]
    ) -> NDArray[np.float64]:
        """[length, 3, 3] from the picture's pixels to each frame's; frame `still` is unmoved."""
        largest = np.array([self.pan, self.pan, self.zoom, np.radians(self.rotation)])
        largest = np.append(largest, [self.perspective, self.perspective])
        generator = np.random.default_rng(seed)
        knots = np.arange(0, length + KNOT, KNOT)
        drawn = generator.uniform(-1, 1, (len(largest), len(knots)))
        speeds = [np.interp(np.arange(length), knots, speed) for speed in drawn]
        path = np.cumsum(largest[:, None] * speeds, 1)
        path -= path[:, [still]]
        return np.stack([_homography(height, width, *position) for position in path.T])


def _homography(
    height: int, width: int, x: float, y: float, zoom: float, turn: float, right: float, down: float
) -> NDArray[np.float64]:
    """Zooms and turns around the middle, tilts, and moves by (x, y); all 0 is the identity."""
    middle = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1]])
    back = np.array([[1, 0, -middle[0, 2]], [0, 1, -middle[1, 2]], [0, 0, 1]])
    cosine, sine = np.exp(zoom) * np.cos(turn), np.exp(zoom) * np.sin(turn)
    similar = np.array([[cosine, -sine, x], [sine, cosine, y], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [-2 * right / width, -2 * down / height, 1]])
    return np.asarray(middle @ similar @ tilt @ back, np.float64)
