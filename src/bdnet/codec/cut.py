"""Finds cuts, after which searched motion means nothing."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.codec.pixels import Image
from bdnet.types import CELL, cells

SCALE = 4  # pictures are compared at a quarter of their size,
LARGE = 600  # and those with more rows and columns at an eighth
# of the difference between unrelated pictures. Measured: 0.44 and more at cuts, 0.36 to 0.40 at a
# jump within one drive, at most 0.31 along pans, zooms and a drive at a twelfth of its frame rate
UNRELATED = 0.4
LEAST = 4.0  # grey levels: noise in a dark picture is no cut


class CutFinder:
    """Compares each picture of a video with the one before, moved along the field between them."""

    def __init__(self) -> None:
        self._before: Any = None

    def is_cut(self, luma: Image, motion: NDArray[np.float32] | None) -> bool:
        """Whether a picture shows something else than the one before.

        luma:   grey [H, W]
        motion: float32 [2, ceil(H/8), ceil(W/8)] in pixels; None for the first picture
        """
        scale = SCALE if min(luma.shape) <= LARGE else 2 * SCALE
        now = _small(luma, scale)
        before, self._before = self._before, now
        if motion is None or before is None:
            return False
        brighter = float(now.mean() - before.mean())  # another exposure is no cut
        before = np.clip(before + brighter, 0, 255).astype(np.uint8)
        difference = float(cv2.absdiff(now, _moved(before, motion, scale)).mean())
        return difference > max(LEAST, UNRELATED * _unrelated(now, before))


def _small(luma: Image, scale: int) -> Any:
    """The picture at a part of its size, for whole cells."""
    height, width = (cells(side) * CELL // scale for side in luma.shape)
    return cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)


def _moved(small: Any, motion: NDArray[np.float32], scale: int) -> Any:
    side = CELL // scale
    x, y = motion.repeat(side, 1).repeat(side, 2) / scale
    rows, columns = np.indices(small.shape, np.float32)
    border = cv2.BORDER_REPLICATE
    return cv2.remap(small, columns + x, rows + y, cv2.INTER_LINEAR, borderMode=border)


def _unrelated(now: Any, before: Any) -> float:
    """The mean difference of a grey level of one picture and one of the other."""
    first, second = (
        np.bincount(picture.reshape(-1), minlength=256).cumsum() / picture.size
        for picture in (now, before)
    )
    # the mean of |a - b| is the area between being below a level in one and not in the other
    return float((first * (1 - second) + second * (1 - first)).sum())
