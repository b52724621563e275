"""Enlarges logits from a network's stride to the picture's size."""

import math

import torch
from torch import Tensor
from torch.nn import functional

PATCHES = 1024  # scored at once, so that the scores stay in a processor's cache


def upsample(logits: Tensor, height: int, width: int) -> Tensor:
    """[b, c, h, w] at any stride that is a power of two -> [b, c, height, width].

    Cell i keeps its centre at pixel stride * i + (stride - 1) / 2 where the last cell hangs over
    the edge; resizing to height x width in one go would shift it.
    """
    return enlarge(logits, _stride(logits, height, width))[..., :height, :width]


def label_map(logits: Tensor, height: int, width: int) -> Tensor:
    """[b, c, h, w] at any stride that is a power of two -> uint8 [b, height, width] of classes.

    The best class of `upsample`, but for ties within rounding.
    """
    stride = _stride(logits, height, width)
    if logits.device.type != "cpu":  # GPUs enlarge contiguous maps four times as fast
        logits = logits.contiguous()
    if stride == 1 or logits.device.type != "cpu" or torch.compiler.is_exporting():
        # argmax is slower on a processor
        labels = enlarge(logits, stride).max(1).indices.byte()
    else:
        labels = _by_patches(logits.float(), stride)
    return labels[:, :height, :width]


def _by_patches(logits: Tensor, stride: int) -> Tensor:
    """The label map of whole cells, most of it without scores of the picture's size.

    Between the centres of four cells scores are weighted means of theirs: where one class is the
    best of all four, it is the best of every pixel there.

        o-------o-------o      o: centres of cells
        |  road |   ?   |      ?: a patch whose pixels have to be scored
        o-------o-------o
    """
    count, _, rows, columns = logits.shape
    logits = functional.pad(logits, (1, 1, 1, 1), mode="replicate")
    first, *rest = _corners(logits.max(1).indices.byte())
    labels = first[:, :, None, :, None].expand(-1, -1, stride, -1, stride).contiguous()
    mixed = torch.stack([corner != first for corner in rest]).any(0).nonzero()
    corners = _corners(logits.permute(0, 2, 3, 1))
    for image, row, column in (chunk.unbind(1) for chunk in torch.split(mixed, PATCHES)):
        scores = _blended([corner[image, row, column] for corner in corners], stride)
        labels[image, row, :, column] = scores.max(1).indices.byte()
    half = stride // 2
    whole = labels.view(count, stride * (rows + 1), stride * (columns + 1))
    return whole[:, half:-half, half:-half]


def _corners(cells: Tensor) -> list[Tensor]:
    """Cells [b, rows, columns, ..] at the four corners of each patch, the upper two first."""
    return [cells[:, :-1, :-1], cells[:, :-1, 1:], cells[:, 1:, :-1], cells[:, 1:, 1:]]


def _blended(corners: list[Tensor], stride: int) -> Tensor:
    """Scores [n, c] at the corners of patches -> [n, c, stride, stride] of their pixels."""
    share = (torch.arange(stride) + 0.5) / stride  # of what is right or below
    left, right, left_below, right_below = (corner[..., None] for corner in corners)
    above = torch.lerp(left, right, share)[..., None, :]
    below = torch.lerp(left_below, right_below, share)[..., None, :]
    return torch.lerp(above, below, share[:, None])


def enlarge(cells: Tensor, factor: int) -> Tensor:
    """[b, c, h, w] -> [b, c, factor h, factor w], bilinear between cell centres."""
    if factor == 1:
        return cells
    size = [factor * side for side in cells.shape[-2:]]
    return functional.interpolate(cells, size, mode="bilinear", align_corners=False)


def stride_of(size: int, cells: int) -> int:
    """Pixels per cell, a power of two, of `cells` cells that cover `size` pixels."""
    return 1 << max(0, math.ceil(math.log2(size / cells)))


def _stride(logits: Tensor, height: int, width: int) -> int:
    return max(
        stride_of(size, cells)
        for size, cells in zip((height, width), logits.shape[-2:], strict=True)
    )
