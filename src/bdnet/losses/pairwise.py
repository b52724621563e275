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

    parts:        n
    as_published: as the authors' code does it (Liu et al., 2019): parts are as many whole cells
                  as n of them hold, so that a side which n does not divide has n + 1; and the
                  lengths that features are divided by get no gradient. Void, which that code
                  ignores, is left out in both
    """

    needs = needs_taught = ("features",)

    def __init__(self, weight: float = 1.0, parts: int = 2, as_published: bool = False) -> None:
        super().__init__(weight)
        self.parts, self.as_published = parts, as_published

    def value(self, student: Prediction, teacher: Prediction, labels: Tensor) -> Tensor:
        ours, is_ours = self._pooled(part(student, "features"), labels)
        theirs, is_theirs = self._pooled(part(teacher, "features"), labels)
        is_known = is_ours & is_theirs  # they differ where the grids do
        pairs = is_known[:, :, None] & is_known[:, None, :]
        affinity = _published_affinity if self.as_published else _affinity
        difference: Tensor = affinity(theirs) - affinity(ours)
        return mean_over(difference.square(), pairs)

    def _pooled(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """([b, channels, n^2], bool [b, n^2]: has a position that counts)."""
        counts = counted(labels, features)[:, None]
        lowest = torch.finfo(features.dtype).min
        pooled = self._pool(features.masked_fill(~counts, lowest))
        is_known = self._pool(counts.float()) > 0
        return torch.where(is_known, pooled, 0).flatten(2), is_known.flatten(1)

    def _pool(self, maps: Tensor) -> Tensor:
        if not self.as_published:
            return functional.adaptive_max_pool2d(maps, self.parts)
        size = [max(1, side // self.parts) for side in maps.shape[-2:]]
        return functional.max_pool2d(maps, size, size, ceil_mode=True)


def _published_affinity(parts: Tensor) -> Tensor:
    """As `_affinity`; the gradient takes the lengths as constants."""
    lengths: Tensor = torch.linalg.vector_norm(parts, dim=1, keepdim=True)
    directions = parts / (lengths.detach() + 1e-8)
    return directions.transpose(1, 2) @ directions


def _affinity(parts: Tensor) -> Tensor:
    """[b, n^2, n^2] cosines of [b, channels, n^2]."""
    directions = unit(parts)
    return directions.transpose(1, 2) @ directions
