"""Where the outline of each class runs."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.errors import BdnetError
from bdnet.losses.grids import cells_of, resized
from bdnet.types import IGNORE


def outlines(labels: Tensor, teacher: Tensor, width: int) -> Tensor:
    """Share of each cell [b, classes, h, w] that lies in the band around the outline of a class.

        dilate(G_c) - erode(G_c), windows of width x width pixels, averaged over the cell

    A cell has none if the window around one of its pixels holds void [reading of "near"]. In a
    picture without labels, G is what the teacher sees [reading]. The border of the picture is no
    outline.

    labels:  [b, H, W]
    teacher: logits [b, classes, h, w]
    """
    known = _known(labels, teacher)
    classes = torch.arange(teacher.shape[1], device=labels.device)[:, None, None]
    members = (known[:, None] == classes).to(teacher.dtype)
    band = _widened(members, width) + _widened(-members, width)
    near_void = _widened((known == IGNORE)[:, None].to(teacher.dtype), width)
    cell = cells_of(labels, (teacher.shape[-2], teacher.shape[-1]))
    is_clear = functional.max_pool2d(_filled(near_void, cell, teacher), cell) == 0
    return functional.avg_pool2d(_filled(band, cell, teacher), cell) * is_clear


def check_width(width: int, term: str) -> None:
    """Refuses a window without a middle."""
    if width < 1 or width % 2 == 0:
        raise BdnetError(f"loss.{term}.width={width}: an odd number of pixels, such as 7")


def _known(labels: Tensor, teacher: Tensor) -> Tensor:
    unlabelled = (labels == IGNORE).flatten(1).all(1)
    if not unlabelled.any():
        return labels
    rows, columns = labels.shape[-2:]
    seen = resized(teacher[unlabelled], (rows, columns)).argmax(1)
    return labels.index_put((unlabelled,), seen)


def _widened(maps: Tensor, width: int) -> Tensor:
    """The largest value in the window around each pixel."""
    tall = functional.max_pool2d(maps, (width, 1), stride=1, padding=(width // 2, 0))
    return functional.max_pool2d(tall, (1, width), stride=1, padding=(0, width // 2))


def _filled(maps: Tensor, cell: tuple[int, int], grid: Tensor) -> Tensor:
    """maps [b, c, H, W], their right and lower border repeated up to whole cells of the grid."""
    below, right = (
        count * size - pixels
        for count, size, pixels in zip(grid.shape[-2:], cell, maps.shape[-2:], strict=True)
    )
    return functional.pad(maps, (0, right, 0, below), mode="replicate")
