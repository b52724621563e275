"""Where the outline of each class runs."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.clip import IGNORE
from bdnet.errors import BdnetError
from bdnet.losses.grids import resized


def check_width(width: int, term: str) -> None:
    """Refuses a window without a middle."""
    if width < 1 or width % 2 == 0:
        raise BdnetError(f"loss.{term}.width={width}: an odd number of pixels, such as 7")


def outlines(labels: Tensor, teacher: Tensor, width: int) -> Tensor:
    """Share of each cell [b, classes, h, w] that lies in the band around the outline of a class.

        dilate(G_c) - erode(G_c), windows of width x width pixels, averaged over the cell

    A cell with a pixel whose window holds void has none: nothing is known of an outline there. In
    a picture without labels, G is what the teacher sees; the border of the picture is no outline.

    labels:  [b, H, W]
    teacher: logits [b, classes, h, w], whose grid the result has
    """
    rows, columns = labels.shape[-2:]
    cells = teacher.shape[-2], teacher.shape[-1]
    seen = resized(teacher, (rows, columns)).argmax(1)
    unlabelled = (labels == IGNORE).flatten(1).all(1)[:, None, None]
    known = torch.where(unlabelled, seen, labels)
    is_void = known == IGNORE
    members = functional.one_hot(known.where(~is_void, 0), teacher.shape[1])
    members = (members * ~is_void[..., None]).movedim(-1, 1).float()
    band = _widened(members, width) + _widened(-members, width)
    near_void = functional.adaptive_max_pool2d(_widened(is_void[:, None].float(), width), cells)
    return functional.adaptive_avg_pool2d(band, cells) * (near_void == 0)


def _widened(maps: Tensor, width: int) -> Tensor:
    """The largest value in the window around each pixel."""
    return functional.max_pool2d(maps, width, stride=1, padding=width // 2)
