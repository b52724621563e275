"""BPKD: the teacher's distribution of classes along outlines, and over positions without them."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.errors import BdnetError
from bdnet.losses.base import TeacherLoss
from bdnet.losses.channelwise import divergence_over_positions
from bdnet.losses.grids import counted, is_unlabelled, resized, to_larger
from bdnet.losses.pixelwise import divergence
from bdnet.motion.upsampling import stride_of
from bdnet.types import IGNORE, Prediction


class BpkdEdge(TeacherLoss):
    """`sum_c (alpha / n_c) sum_i phi_i M_ci`, phi the KL of softmax over classes of Z M.

    M_c is the band around the outline of class c, averaged over the cells of the logits; n_c counts
    cells with M_c > 0 in the batch [reading]; a class without any adds 0. In a picture without
    labels the outlines are those of the teacher's prediction [reading].

    width: of the window that dilates and erodes a class, pixels of the labels
    """

    def __init__(self, weight: float = 1.0, alpha: float = 2.0, width: int = 7) -> None:
        super().__init__(weight)
        self.alpha, self.width = alpha, _checked(width, "bpkd_edge")

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(student.logits, teacher.logits)
        masks = outlines(labels, theirs, self.width)
        along = (divergence(ours * masks, theirs * masks)[:, None] * masks).sum((0, 2, 3))
        cells = (masks > 0).sum((0, 2, 3))
        return self.alpha * (along / cells.clamp(min=1)).sum()


class BpkdBody(TeacherLoss):
    """`(tau^2 / C) sum_c KL` of softmax over positions of Z (1 - M) / tau, M as in BpkdEdge.

    Near void nothing is known of outlines, and positions are body [reading]. There is no mask after
    the softmax, because the KL over a part of the positions can be negative.

    tau:   temperature
    width: of the window that dilates and erodes a class, pixels of the labels
    """

    def __init__(self, weight: float = 1.0, tau: float = 1.0, width: int = 7) -> None:
        super().__init__(weight)
        self.tau, self.width = tau, _checked(width, "bpkd_body")

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, theirs = to_larger(student.logits, teacher.logits)
        body = 1 - outlines(labels, theirs, self.width)
        return divergence_over_positions(
            ours * body, theirs * body, counted(labels, ours), self.tau
        )


def outlines(labels: Tensor, teacher: Tensor, width: int) -> Tensor:
    """Share of each cell [b, classes, h, w] that lies in the band around the outline of a class.

        dilate(G_c) - erode(G_c), windows of width x width pixels, averaged over the cell

    A cell has none if the window around one of its pixels holds void [reading of "near"]. In a
    picture without labels, G is the teacher's prediction [reading]. The border of the picture is no
    outline.

    labels:  [b, H, W]
    teacher: logits [b, classes, h, w]
    """
    known = _known(labels, teacher)
    classes = torch.arange(teacher.shape[1], device=labels.device)[:, None, None]
    members = (known[:, None] == classes).to(teacher.dtype)
    band = _dilated(members, width) + _dilated(-members, width)
    near_void = _dilated((known == IGNORE)[:, None].to(teacher.dtype), width)
    sides = zip(labels.shape[-2:], teacher.shape[-2:], strict=True)
    cell = [stride_of(pixels, count) for pixels, count in sides]
    is_clear = functional.max_pool2d(_filled(near_void, cell, teacher), cell) == 0
    return functional.avg_pool2d(_filled(band, cell, teacher), cell) * is_clear


def _checked(width: int, term: str) -> int:
    if width < 1 or width % 2 == 0:
        raise BdnetError(f"loss.{term}.width={width}: an odd number of pixels, such as 7")
    return width


def _known(labels: Tensor, teacher: Tensor) -> Tensor:
    """Labels, and the teacher's prediction for pictures without any."""
    unlabelled = is_unlabelled(labels)
    if not unlabelled.any():
        return labels
    predicted = resized(teacher[unlabelled], labels.shape[-2:]).argmax(1)
    return labels.index_put((unlabelled,), predicted)


def _dilated(maps: Tensor, width: int) -> Tensor:
    """The largest value in the window around each pixel."""
    tall = functional.max_pool2d(maps, (width, 1), stride=1, padding=(width // 2, 0))
    return functional.max_pool2d(tall, (1, width), stride=1, padding=(0, width // 2))


def _filled(maps: Tensor, cell: list[int], grid: Tensor) -> Tensor:
    """maps [b, c, H, W], their right and lower border repeated up to whole cells of the grid."""
    below, right = (
        count * size - pixels
        for count, size, pixels in zip(grid.shape[-2:], cell, maps.shape[-2:], strict=True)
    )
    return functional.pad(maps, (0, right, 0, below), mode="replicate")
