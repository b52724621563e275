"""Supervision of the boundary stream: where the class changes."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.losses.base import LabelLoss, part
from bdnet.losses.grids import mean_over, resized
from bdnet.types import IGNORE, Prediction

RADIUS, DIAGONAL = 2, math.hypot(1024, 2048)  # pixels, at the size of a Cityscapes frame


def radius_at(height: int, width: int) -> int:
    """Pixels around a class change that are edge: 2 at 1024x2048, by the diagonal, at least 1."""
    return max(1, round(RADIUS * math.hypot(height, width) / DIAGONAL))


def edge_target(labels: Tensor, radius: int) -> tuple[Tensor, Tensor]:
    """(is edge, is known), bool [b, H, W] both.

    An edge pixel has another class in the square of 2 radius + 1 pixels around it [reading: the
    paper does not define its silhouettes]. With void in that square nothing is known. The border of
    the picture is no edge.
    """
    values = labels[:, None].float()
    high, low = (
        sign * functional.max_pool2d(sign * values, 2 * radius + 1, stride=1, padding=radius)[:, 0]
        for sign in (1, -1)
    )
    return high != low, high != IGNORE


class BoundaryLoss(LabelLoss):
    """Class-balanced binary cross-entropy of the edge map, at the labels' size.

    An edge pixel weighs the batch's share of pixels without edge, a pixel without edge the share of
    edges, so that both kinds weigh the same in sum. The weighted losses are averaged over all known
    pixels, which makes values small: a map of zeros scores 2 s (1 - s) ln 2 at a share s of edges.

    radius: pixels; None takes 2 at 1024x2048, scaled by the diagonal of the labels
    """

    needs = ("edges",)

    def __init__(self, weight: float = 1.0, radius: int | None = None) -> None:
        super().__init__(weight)
        self.radius = radius

    def value(self, student: Prediction, labels: Tensor) -> Tensor:
        height, width = labels.shape[-2:]
        logits = resized(part(student, "edges"), (height, width))[:, 0]
        is_edge, known = edge_target(labels, self.radius or radius_at(height, width))
        share = (is_edge & known).sum() / known.sum().clamp(min=1)
        losses = functional.binary_cross_entropy_with_logits(
            logits, is_edge.float(), reduction="none"
        )
        return mean_over(torch.where(is_edge, 1 - share, share) * losses, known)
