"""Cross-entropy with the labels, of the hardest pixels only (online hard example mining)."""

import math
from typing import ClassVar

import torch
from torch import Tensor

from bdnet.errors import BdnetError
from bdnet.losses.base import LabelLoss, part
from bdnet.losses.grids import mean_over
from bdnet.losses.segmentation import pixel_cross_entropy
from bdnet.types import IGNORE, Prediction


class SegmentationOhem(LabelLoss):
    """Mean cross-entropy over hard pixels, whose true class has a low probability.

    threshold: below this probability a pixel is hard
    least:     at least this share of the batch's labelled pixels counts, the hardest first
    """

    logits: ClassVar[str] = "logits"  # the part of the prediction that is scored

    def __init__(self, weight: float = 1.0, threshold: float = 0.7, least: float = 1 / 16) -> None:
        super().__init__(weight)
        if not 0 < threshold <= 1 or not 0 <= least <= 1:
            raise BdnetError(
                f"threshold={threshold}, least={least} of {type(self).__name__}: a probability "
                "above 0 and a share from 0 to 1"
            )
        self.threshold = threshold
        self.least = least

    def value(self, student: Prediction, labels: Tensor) -> Tensor:
        losses = pixel_cross_entropy(part(student, self.logits), labels)
        labelled = labels != IGNORE
        # Void sorts behind every pixel, as no cross-entropy is below 0.
        hardness = torch.where(labelled, losses.detach(), -1.0).flatten()
        hardest_first = hardness.sort(descending=True)
        # The least share goes by rank, because by value all ties at its end would come in.
        rank = torch.empty_like(hardest_first.indices)
        rank[hardest_first.indices] = torch.arange(len(rank), device=rank.device)
        is_hard = hardness > -math.log(self.threshold)
        is_least = rank < torch.ceil(self.least * labelled.sum())
        return mean_over(losses.flatten(), labelled.flatten() & (is_hard | is_least))


class AuxiliaryHead(SegmentationOhem):
    """The same of the auxiliary head, half-way up the backbone."""

    logits = "auxiliary"
    needs = ("auxiliary",)


class SinglePath(SegmentationOhem):
    """The same of the target's sub-network by itself, without attention to earlier frames."""

    logits = "single_path"
    needs = ("single_path",)
