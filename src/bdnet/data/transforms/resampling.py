"""Where one axis of a result comes from, and motion fields resampled accordingly."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bdnet.types import CELL, cells


class Axis(NamedTuple):
    """One axis of a crop, resize, mirror and padding in one; all in pixels.

        source  ......[start ...... start + read).........
                        \\  resampled, then mirrored  /
        result        [0 .......... shown) padding, size)

    Rows and columns each have one; every geometric transform is such a pair.
    """

    start: int
    read: int
    shown: int
    size: int
    mirrored: bool = False

    @property
    def ratio(self) -> float:
        """What this component of a vector is multiplied by."""
        return (-self.shown if self.mirrored else self.shown) / self.read


class Nodes(NamedTuple):
    """The two cells along one axis between which each new cell's centre falls."""

    low: NDArray[np.intp]
    high: NDArray[np.intp]  # the same as low where the centres coincide
    weight: NDArray[np.float32]  # of high


def _nodes(axis: Axis, count: int) -> Nodes:
    """For every new cell that holds a pixel of the picture; `count` old ones."""
    # distances from the outer edge of the first pixel, where resizing keeps zero at zero
    centre = np.arange(cells(axis.shown)) * CELL + CELL / 2
    if axis.mirrored:
        centre = axis.shown - centre
    source = axis.start + centre * axis.read / axis.shown
    place = np.clip(source / CELL - 0.5, 0, count - 1)  # the border repeats
    low = place.astype(np.intp)
    weight = place - low
    return Nodes(low, low + (weight > 0), weight.astype(np.float32))


def _blend(field: NDArray[np.float32], nodes: Nodes, axis: int) -> NDArray[np.float32]:
    low = field.take(nodes.low, axis)
    if not nodes.weight.any():
        return low
    blend = field.take(nodes.high, axis)
    blend -= low
    blend *= nodes.weight if axis == -1 else nodes.weight[:, None]
    blend += low
    return blend


def _all(valid: NDArray[np.bool_], nodes: Nodes, axis: int) -> NDArray[np.bool_]:
    """Whether everything that a blend would take is valid."""
    return valid.take(nodes.low, axis) & valid.take(nodes.high, axis)


def move_motion(
    motion: NDArray[np.float32], rows: Axis, columns: Axis
) -> NDArray[np.float32]:  # [s, 2, h, w] pixels
    """The field at the new cell centres, bilinear, in pixels of the new frame; padding is 0."""
    high, wide = motion.shape[-2:]
    field = _blend(motion, _nodes(columns, wide), -1)
    field = _blend(field, _nodes(rows, high), -2)
    field *= np.array([columns.ratio, rows.ratio], np.float32)[:, None, None]
    return _padded(field, rows, columns)


def move_valid(
    valid: NDArray[np.bool_], rows: Axis, columns: Axis
) -> NDArray[np.bool_]:  # [s, h, w]
    """Valid where every contributing cell is; padding is not."""
    high, wide = valid.shape[-2:]
    whole = _all(valid, _nodes(columns, wide), -1)
    return _padded(_all(whole, _nodes(rows, high), -2), rows, columns)


def _padded(field: NDArray[Any], rows: Axis, columns: Axis) -> NDArray[Any]:
    shape = (*field.shape[:-2], cells(rows.size), cells(columns.size))
    if field.shape == shape:
        return field
    whole = np.zeros(shape, field.dtype)
    whole[..., : field.shape[-2], : field.shape[-1]] = field
    return whole
