"""Where parallelograms of the world land in the picture."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NEAR = 0.3  # metres: what is nearer to the camera is cut off
SMALLEST = 0.5  # pixels^2: what covers less is not drawn
SHARPNESS = 0.1  # levels by which textures are kept sharper than one texel per pixel
UNIT_SQUARE = np.array([[0.0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]])
Array = NDArray[np.float64]


class Quad(NamedTuple):
    """A parallelogram and the size of its texture."""

    frame: Array  # [3,3], columns along, down, corner; metres
    wide: float  # texels along `along`
    high: float  # texels along `down`
    least: float = SMALLEST  # pixels^2 that it must cover to be drawn


class Placement(NamedTuple):
    """Where one quad is seen."""

    number: int  # of the quad
    inverse: list[list[float]]  # [3,3] from (column, row, 1) to (along, down, 1) / depth
    outline: list[list[float]]  # corners (column, row), clockwise, the last one repeated to 5
    window: tuple[int, int, int, int]  # left, top, right, bottom; pixels
    levels: tuple[int, int]  # how often to halve the texture across and down
    clipped: bool  # whether the near plane cut it


def project(quads: Sequence[Quad], matrix: Array, height: int, width: int) -> Iterator[Placement]:
    """Yield in their order the quads that a camera of `matrix` [3,4] sees in its picture."""
    to_pixels = matrix[:, :3] @ np.stack([quad.frame for quad in quads])
    to_pixels[:, :, 2] += matrix[:, 3]
    corners = to_pixels @ UNIT_SQUARE
    whole = (corners[:, 2] > NEAR).all(1)
    outlines = near_clipped_outlines(corners, whole)
    x, y = outlines[..., 0], outlines[..., 1]
    # half a pixel more, because an edge colours the pixels that it touches
    low = np.floor(outlines.min(1) - 0.5).astype(int).clip(0)
    high = np.ceil(outlines.max(1) + 0.5).astype(int).clip(max=[width, height])
    area = (x * np.roll(y, -1, 1) - np.roll(x, -1, 1) * y).sum(1) / 2
    seen = np.flatnonzero((area > [quad.least for quad in quads]) & (low < high).all(1))
    inverse = np.linalg.inv(to_pixels[seen]).astype(np.float64, copy=False)
    texels = np.array([quads[index][1:3] for index in seen.tolist()]).reshape(-1, 2)
    middle = np.clip(outlines[seen].mean(1), low[seen], high[seen])
    yield from map(
        Placement._make,
        zip(
            seen.tolist(),
            inverse.tolist(),
            outlines[seen].tolist(),
            map(tuple, np.concatenate([low[seen], high[seen]], 1).tolist()),
            map(tuple, levels(inverse, middle, texels).tolist()),
            (~whole[seen]).tolist(),
            strict=True,
        ),
    )


def near_clipped_outlines(corners: Array, whole: NDArray[np.bool_]) -> Array:
    """Return the outlines [n,5,2] in pixels of corners [n,3,4], cut at the near plane."""
    points = corners.transpose(0, 2, 1)[:, [0, 1, 2, 3, 3]]
    outlines: Array = points[..., :2] / np.where(whole[:, None], points[..., 2], 1.0)[..., None]
    for index in np.flatnonzero(~whole).tolist():
        polygon = clip_near(corners[index].T.tolist())
        padded = polygon + polygon[-1:] * (5 - len(polygon)) if polygon else [[0.0, 0.0]] * 5
        outlines[index] = padded
    return outlines


def clip_near(corners: list[list[float]]) -> list[list[float]]:
    """Cut four corners (column, row, 1) * depth at the near plane; return 0 or 3 to 5 pixels."""
    polygon = []
    for (x, y, depth), (x1, y1, depth1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if depth > NEAR:
            polygon.append([x / depth, y / depth])
        if (depth > NEAR) != (depth1 > NEAR):
            share = (NEAR - depth) / (depth1 - depth)
            polygon.append([(x + share * (x1 - x)) / NEAR, (y + share * (y1 - y)) / NEAR])
    return polygon


def levels(inverse: Array, middle: Array, texels: Array) -> NDArray[np.int64]:
    """Return how often to halve textures across and down [n,2] so that they fit their pixels.

    inverse [n,3,3], middle [n,2] of the part that is seen (pixels), texels [n,2] of the textures.
    """
    seen = inverse @ np.concatenate([middle, np.ones((len(middle), 1))], 1)[..., None]
    position = seen[:, :2] / seen[:, 2:]
    slopes = (inverse[:, :2, :2] - position * inverse[:, 2:, :2]) / seen[:, 2:]
    steps = np.linalg.norm(slopes, axis=2) * texels
    halvings: NDArray[np.int64] = np.round(np.log2(np.maximum(steps, 1)) - SHARPNESS).astype(
        np.int64
    )
    return halvings.clip(0)
