"""D_inn by relations: cosines between parts of the picture follow the teacher's."""

import torch
from torch import Tensor
from torch.nn import functional

from bdnet.losses.base import TeacherLoss, part
from bdnet.losses.grids import counted, mean_over, unit
from bdnet.types import Prediction


class Pairwise(TeacherLoss):
    """`sum_ij (a^T_ij - a^S_ij)^2 / n^4` of cosine affinities [reading B of "inner"].

    Features are max-pooled to n x n parts of the picture, over the positions that count; a part
    without any has no pairs, and the mean is over the pairs that there are.

    parts: n
    """

    needs = needs_taught = ("features",)

    def __init__(self, weight: float = 1.0, parts: int = 2) -> None:
        super().__init__(weight)
        self.parts = parts

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, is_ours = self._pooled(part(student, "features"), labels)
        theirs, is_theirs = self._pooled(part(teacher, "features"), labels)
        is_known = is_ours & is_theirs  # they differ where the grids do
        pairs = is_known[:, :, None] & is_known[:, None, :]
        return mean_over((_affinity(theirs) - _affinity(ours)).square(), pairs)

    def _pooled(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """([b, channels, n^2], bool [b, n^2]: has a position that counts)."""
        counts = counted(labels, features)[:, None]
        lowest = torch.finfo(features.dtype).min
        pooled = functional.adaptive_max_pool2d(features.masked_fill(~counts, lowest), self.parts)
        is_known = functional.adaptive_max_pool2d(counts.float(), self.parts) > 0
        return torch.where(is_known, pooled, 0).flatten(2), is_known.flatten(1)


def _affinity(parts: Tensor) -> Tensor:
    """[b, n^2, n^2] cosines of [b, channels, n^2]."""
    directions = unit(parts)
    return directions.transpose(1, 2) @ directions
