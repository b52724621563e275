"""Comparisons of pictures: how much changed in each cell, and whether there is a cut."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bdnet.motion.matching import match
from bdnet.motion.warp import warp
from bdnet.types import CELL, cells

HALF = CELL // 2  # a cell's side in a picture of half the size
GREY_LEVELS = 57.6  # of 255 in one unit of a normalised picture, in which `match` counts
UNRELATED = 0.5  # of the difference between unrelated pictures, above which there is a cut


def small_grey(image: NDArray[np.uint8], device: torch.device) -> Tensor:
    """RGB [H, W, 3] -> grey levels at half the size, [1, 1, 4 rows, 4 columns] for whole cells."""
    height, width = image.shape[:2]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    below, right = cells(height) * CELL - height, cells(width) * CELL - width
    if below or right:
        grey = cv2.copyMakeBorder(grey, 0, below, 0, right, cv2.BORDER_REPLICATE)
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(half).to(device, torch.float32)[None, None]


def change(now: Tensor, before: Tensor, field: Tensor) -> Tensor:
    """Mean grey levels [1, 1, rows, columns] by which `before`, moved along a field, differs."""
    return functional.avg_pool2d((now - warp(before, field, 2)).abs(), HALF)


def refined(field: Tensor, now: Tensor, before: Tensor) -> Tensor:
    """A first guess of the motion, corrected by matching the pictures."""
    return match(field, before / GREY_LEVELS, now / GREY_LEVELS)


def is_cut(changed: Tensor, now: Tensor, before: Tensor) -> bool:
    """Whether two pictures differ nearly as much as unrelated ones.

    Unrelated pictures differ by what two grey levels drawn from them differ by on average.
    """
    return float(changed.mean()) > UNRELATED * _unrelated(now, before)


def _unrelated(now: Tensor, before: Tensor) -> float:
    """The mean difference of a grey level of one picture and one of the other."""
    below = [
        torch.histc(picture, 256, 0, 256).cumsum(0) / picture.numel() for picture in (now, before)
    ]
    # the mean of |a - b| is the area between being below a level in one and not in the other
    first, second = below
    return float((first * (1 - second) + second * (1 - first)).sum())
