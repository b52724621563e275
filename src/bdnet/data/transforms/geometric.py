"""Geometric transforms that move motion vectors too."""

from __future__ import annotations

import os
from abc import abstractmethod
from importlib import import_module
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import cv2

from bdnet.data.transforms.resampling import Axis, move_motion, move_valid
from bdnet.errors import BdnetError
from bdnet.types import CELL, IGNORE, Size

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    import numpy as np
    from numpy.typing import NDArray

with patch.dict(os.environ, NO_ALBUMENTATIONS_UPDATE="1"):  # or it looks for updates online
    A: Any = import_module("albumentations")  # its own documentation's name

MEAN_COLOUR = (124, 116, 104)  # of ImageNet, RGB: becomes nearly 0 when images are normalised


class BadTransform(BdnetError, ValueError):
    """A transform with settings that make no sense."""


class Geometric(A.DualTransform):  # type: ignore[misc]  # albumentations is untyped
    """Base: a subclass only chooses which source pixels each axis of the result shows."""

    @abstractmethod
    def choose(self, height: int, width: int, random: Random) -> tuple[Axis, Axis]:
        """Rows and columns of the result for a picture of this size."""

    def enlarged(self, size: Size) -> Size:
        """The largest (height, width) that a picture of this size gets before it is cropped."""
        return size

    @property
    def targets(self) -> dict[str, Callable[..., NDArray[Any]]]:
        return {
            "image": self.apply,
            "images": self.apply_to_images,
            "mask": self.apply_to_mask,
            "motion": move_motion,
            "valid": move_valid,
        }

    def get_params_dependent_on_data(
        self,
        params: dict[str, Any],
        data: dict[str, Any],  # noqa: ARG002  # albumentations' signature
    ) -> dict[str, Any]:
        height, width, *_ = params["shape"]
        rows, columns = self.choose(height, width, self.py_random)
        return {"rows": rows, "columns": columns}

    def apply(
        self, img: NDArray[np.uint8], rows: Axis, columns: Axis, **_: object
    ) -> NDArray[np.uint8]:
        return _move_pixels(img, rows, columns, cv2.INTER_LINEAR, MEAN_COLOUR)

    def apply_to_mask(
        self, mask: NDArray[np.uint8], rows: Axis, columns: Axis, **_: object
    ) -> NDArray[np.uint8]:
        # plain INTER_NEAREST reads up to half a pixel up and left of where INTER_LINEAR does
        return _move_pixels(mask, rows, columns, cv2.INTER_NEAREST_EXACT, (IGNORE,))


def _move_pixels(
    picture: NDArray[np.uint8], rows: Axis, columns: Axis, interpolation: int, fill: tuple[int, ...]
) -> NDArray[np.uint8]:
    moved: Any = picture[
        rows.start : rows.start + rows.length, columns.start : columns.start + columns.length
    ]
    if (rows.resized, columns.resized) != (rows.length, columns.length):
        moved = cv2.resize(moved, (columns.resized, rows.resized), interpolation=interpolation)
    for code, axis in enumerate((rows, columns)):  # OpenCV: 0 turns top to bottom, 1 left to right
        if axis.mirrored:
            moved = cv2.flip(moved, code)
    below, right = rows.size - rows.resized, columns.size - columns.resized
    if below or right:
        moved = cv2.copyMakeBorder(moved, 0, below, 0, right, cv2.BORDER_CONSTANT, value=fill)
    return moved  # type: ignore[no-any-return]  # OpenCV's stubs know no uint8


class Scale(Geometric):
    """Resizes by a factor drawn uniformly; its result is of any size."""

    def __init__(self, lowest: float = 0.5, highest: float = 2.0) -> None:
        super().__init__(p=1.0)
        _check_range(self, lowest, highest)
        self.lowest = lowest
        self.highest = highest

    def enlarged(self, size: Size) -> Size:
        return round(size[0] * self.highest), round(size[1] * self.highest)

    def choose(self, height: int, width: int, random: Random) -> tuple[Axis, Axis]:
        factor = random.uniform(self.lowest, self.highest)
        rows, columns = (max(1, round(size * factor)) for size in (height, width))
        return Axis(0, height, rows, rows), Axis(0, width, columns, columns)


class FixedSize(Geometric):
    """Base: a result of this height and width."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__(p=1.0)
        _positive(self, height=height, width=width)
        self.height = height
        self.width = width


class Crop(FixedSize):
    """A random window of the 8-pixel grid; smaller pictures are padded at the right and bottom."""

    def choose(self, height: int, width: int, random: Random) -> tuple[Axis, Axis]:
        return self._window(height, self.height, random), self._window(width, self.width, random)

    @staticmethod
    def _window(size: int, wanted: int, random: Random) -> Axis:
        length = min(size, wanted)
        start = CELL * random.randint(0, (size - length) // CELL)
        return Axis(start, length, length, wanted)


class ScaleCrop(FixedSize):
    """Scale, then Crop, in one: only what the window shows is resampled.

    The window need not lie on the 8-pixel grid, since its field is resampled in any case. Whole
    pixels become whole pixels, so each axis may miss the factor by half a pixel over the window.
    """

    def __init__(self, height: int, width: int, lowest: float = 0.5, highest: float = 2.0) -> None:
        super().__init__(height, width)
        _check_range(self, lowest, highest)
        self.lowest = lowest
        self.highest = highest

    def enlarged(self, size: Size) -> Size:
        return round(size[0] * self.highest), round(size[1] * self.highest)

    def choose(self, height: int, width: int, random: Random) -> tuple[Axis, Axis]:
        factor = random.uniform(self.lowest, self.highest)
        return (
            self._window(height, self.height, factor, random),
            self._window(width, self.width, factor, random),
        )

    @staticmethod
    def _window(size: int, wanted: int, factor: float, random: Random) -> Axis:
        scaled = max(1, round(size * factor))
        if scaled <= wanted:
            return Axis(0, size, scaled, wanted)
        length = min(size, max(1, round(wanted / factor)))
        return Axis(random.randint(0, size - length), length, wanted, wanted)


class Flip(Geometric):
    """Mirrors left and right."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p=p)

    def choose(self, height: int, width: int, random: Random) -> tuple[Axis, Axis]:  # noqa: ARG002
        return Axis(0, height, height, height), Axis(0, width, width, width, mirrored=True)


def _positive(owner: object, **values: float) -> None:
    for name, value in values.items():
        if value <= 0:
            raise BadTransform(f"{type(owner).__name__} needs {name} above 0, not {value}")


def _check_range(owner: object, lowest: float, highest: float) -> None:
    _positive(owner, lowest=lowest)
    if lowest > highest:
        raise BadTransform(
            f"{type(owner).__name__} needs lowest <= highest, not {lowest} and {highest}"
        )
