"""The part of an axis that a result shows, and motion fields resampled accordingly."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bdnet.types import CELL, cells


class Axis(NamedTuple):
    """Crop, resize, mirror and padding along one axis, in that order; all in pixels.

        source  ......[start ..... start + length).......
                        \\  resized, then mirrored  /
        result        [0 ........ resized) padding, size)

    Rows and columns each have one; every geometric transform is such a pair.
    """

    start: int
    length: int
    resized: int
    size: int
    mirrored: bool = False

    @property
    def ratio(self) -> float:
        """Factor of this component of a vector."""
        return (-self.resized if self.mirrored else self.resized) / self.length


class Neighbours(NamedTuple):
    """The two cells along one axis between which each new cell's centre falls."""

    low: NDArray[np.intp]
    high: NDArray[np.intp]  # the same as low where the centres coincide
    weight: NDArray[np.float32]  # of high


def _neighbours(axis: Axis, count: int) -> Neighbours:
    """For every new cell that holds a pixel of the picture; `count` old ones."""
    # distances from the outer edge of the first pixel, where resizing keeps zero at zero
    centre = np.arange(cells(axis.resized)) * CELL + CELL / 2
    if axis.mirrored:
        centre = axis.resized - centre
    source = axis.start + centre * axis.length / axis.resized
    position = np.clip(source / CELL - 0.5, 0, count - 1)  # the border repeats
    low = position.astype(np.intp)
    weight = position - low
    return Neighbours(low, low + (weight > 0), weight.astype(np.float32))


def _blend(field: NDArray[np.float32], between: Neighbours, axis: int) -> NDArray[np.float32]:
    low = field.take(between.low, axis)
    if not between.weight.any():
        return low
    blend = field.take(between.high, axis)
    blend -= low
    blend *= between.weight if axis == -1 else between.weight[:, None]
    blend += low
    return blend


def _both(valid: NDArray[np.bool_], between: Neighbours, axis: int) -> NDArray[np.bool_]:
    """Whether both neighbours are valid."""
    return valid.take(between.low, axis) & valid.take(between.high, axis)


def move_motion(
    motion: NDArray[np.float32], rows: Axis, columns: Axis, **_: object
) -> NDArray[np.float32]:  # [s, 2, h, w] pixels
    """The field at the new cell centres, bilinear, in pixels of the new frame; padding is 0."""
    height, width = motion.shape[-2:]
    field = _blend(motion, _neighbours(columns, width), -1)
    field = _blend(field, _neighbours(rows, height), -2)
    field *= np.array([columns.ratio, rows.ratio], np.float32)[:, None, None]
    return _padded(field, rows, columns)


def move_valid(
    valid: NDArray[np.bool_], rows: Axis, columns: Axis, **_: object
) -> NDArray[np.bool_]:  # [s, h, w]
    """Valid where every contributing cell is; padding is not."""
    height, width = valid.shape[-2:]
    moved = _both(valid, _neighbours(columns, width), -1)
    return _padded(_both(moved, _neighbours(rows, height), -2), rows, columns)


def _padded(field: NDArray[Any], rows: Axis, columns: Axis) -> NDArray[Any]:
    below, right = cells(rows.size) - field.shape[-2], cells(columns.size) - field.shape[-1]
    if not (below or right):
        return field
    return np.pad(field, [(0, 0)] * (field.ndim - 2) + [(0, below), (0, right)])
