"""What a keyframe keeps of the maps before it: the less, the more its picture changed."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.motion.matching import grey_half, match
from bdnet.motion.warp import warp
from bdnet.types import CELL

HALF = CELL // 2  # a cell's side in a picture of half the size
FALLOFF = 8.0  # grey levels of change by which memory falls to a third
# grey levels from 0 to 255 of pictures that are normalised as for ImageNet
GREY_LEVELS, MEAN_GREY = 57.6, 114.5
UNRELATED = 0.5  # of the difference between unrelated pictures, above which there is a cut


def grey_levels(image: Tensor, rows: int, columns: int) -> Tensor:
    """Normalised pictures [b, 3, H, W] -> grey levels at half their size, [b, 1, 4 h, 4 w]."""
    return grey_half(image, rows, columns) * GREY_LEVELS + MEAN_GREY


def change(now: Tensor, before: Tensor, field: Tensor) -> Tensor:
    """Mean grey levels [b, 1, h, w] by which `before`, moved along a field, differs."""
    return functional.avg_pool2d((now - warp(before, field, 2)).abs(), HALF)


def weight(changed: Tensor, memory: float) -> Tensor:
    """The weight of earlier maps; memory: where nothing changed."""
    return memory * torch.exp(changed / -FALLOFF)


def refined(field: Tensor, now: Tensor, before: Tensor) -> Tensor:
    """A first guess of the motion, corrected by matching the pictures."""
    return match(field, before / GREY_LEVELS, now / GREY_LEVELS)


def is_cut(changed: Tensor, now: Tensor, before: Tensor) -> Tensor:
    """Whether two pictures differ nearly as much as unrelated ones, bool [b].

    Unrelated pictures differ by what two grey levels drawn from them differ by on average.
    """
    unrelated = torch.stack([_unrelated(*pair) for pair in zip(now, before, strict=True)])
    return changed.flatten(1).mean(1) > UNRELATED * unrelated


def _unrelated(now: Tensor, before: Tensor) -> Tensor:
    """The mean difference of a grey level of one picture and one of the other."""
    first, second = (
        torch.histc(picture, 256, 0, 256).cumsum(0) / picture.numel() for picture in (now, before)
    )
    # the mean of |a - b| is the area between being below a level in one and not in the other
    return (first * (1 - second) + second * (1 - first)).sum()
