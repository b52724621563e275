"""The pixels between four cells of a score map, and which class is the best at each of them."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

# of the scores' size: what two ways to interpolate between four values may differ by
ROUNDING = 16 * 2.0**-24


class PixelsBetween(NamedTuple):
    """Of one side of a frame: the gaps between cells, which pixels lie there, and where in them.

    before, after: [gaps] cell on either side; at the border the outer cell is both
    pixels:        [gaps, most] the pixels of each gap; the last of a small one is repeated
    shares:        [gaps, most] of the cell after, for each of these
    gap:           [size] of each pixel
    """

    before: Tensor
    after: Tensor
    pixels: Tensor
    shares: Tensor
    gap: Tensor


def pixels_between(cells: int, extent: int, size: int, corners: bool) -> PixelsBetween:
    """Of so many cells over `extent` pixels, of which there are `size`.

    Shares are rounded as torch rounds them: they are what it makes of each cell by itself.
    """
    shares = torch.eye(cells)
    if cells != extent:
        shares = functional.interpolate(
            shares[None, None], (extent, cells), mode="bilinear", align_corners=corners
        )[0, 0]
    shares = shares[:size]
    first = (shares > 0).int().argmax(1)
    second = (first + 1).clamp(max=cells - 1)
    share = shares.gather(1, second[:, None])[:, 0] * (second > first)
    gap = torch.where((first == 0) & (share == 0), 0, first + 1)
    counts = torch.bincount(gap)
    number = torch.arange(int(counts.max())).expand(len(counts), -1)
    pixels = counts.cumsum(0)[:, None] - counts[:, None]
    pixels = pixels + torch.minimum(number, counts[:, None] - 1)
    gaps = torch.arange(len(counts))
    before, after = (gaps - 1).clamp(min=0), gaps.clamp(max=cells - 1)
    return PixelsBetween(before, after, pixels, share[pixels], gap)


class Decision(NamedTuple):
    """Of the pixels of n patches.

    classes:  int16 [n, down, across]
    doubtful: bool of the same shape: rounding decides
    suspects: bool [classes]: between which ones
    """

    classes: Tensor
    doubtful: Tensor
    suspects: Tensor


class Patches:
    """Some patches: the scores [n, 4, classes] at their corners, and how to interpolate them."""

    def __init__(
        self,
        table: Tensor,
        down: PixelsBetween,
        across: PixelsBetween,
        row: Tensor,
        column: Tensor,
    ) -> None:
        """table: [rows, columns, classes]; row, column: [n] of the gaps that meet in a patch."""
        cells = [
            y * table.shape[1] + x
            for y in (down.before[row], down.after[row])
            for x in (across.before[column], across.after[column])
        ]
        self.corners = table.view(-1, table.shape[2])[torch.stack(cells, 1)]
        self.down, self.across = down.shares[row], across.shares[column]

    def decide(self) -> Decision:
        """Most patches lie between two classes: then only their difference is interpolated."""
        winners = self.corners.max(2).indices
        winner = winners[:, 0]
        differs = winners != winner[:, None]
        second = winners.gather(1, differs.int().argmax(1, keepdim=True))[:, 0]
        is_pair = differs.any(1) & self._no_third(winner, second)
        shape = len(winner), self.down.shape[1], self.across.shape[1]
        classes = torch.empty(shape, dtype=torch.int16)
        doubtful = torch.zeros(shape, dtype=torch.bool)
        suspects = torch.zeros(self.corners.shape[2], dtype=torch.bool)
        pairs, others = is_pair.nonzero()[:, 0], (~is_pair).nonzero()[:, 0]
        low, high = torch.minimum(winner, second)[pairs], torch.maximum(winner, second)[pairs]
        for patches, part in (
            (pairs, self._between_two(pairs, low, high)),
            (others, self._among_all(others)),
        ):
            classes[patches], doubtful[patches] = part.classes, part.doubtful
            suspects |= part.suspects
        return Decision(classes, doubtful, suspects)

    def _no_third(self, winner: Tensor, second: Tensor) -> Tensor:
        """Where no third class can be the best anywhere between the corners, bool [n].

        It cannot where it lies below the same mixture, share * one + (1 - share) * two, at all
        corners: then it lies below this mixture, and so below one of both, everywhere between them.
        """
        a, b = self._scores(winner), self._scores(second)
        lead = (a - b)[..., None]
        margin = ROUNDING * self.corners.abs().amax((1, 2))[:, None, None]
        bound = (self.corners - b[..., None] + margin) / lead
        least = torch.where(lead > 0, bound, 0).amax(1)
        most = torch.where(lead > 0, 1, bound).amin(1)
        is_below = (least < most).scatter_(1, torch.stack([winner, second], 1), True)
        return is_below.all(1) & (lead != 0).all((1, 2))

    def _scores(self, classes: Tensor) -> Tensor:
        """[n, 4] of one class of each patch."""
        return self.corners.gather(2, classes[:, None, None].expand(-1, 4, 1))[..., 0]

    def _between_two(self, patches: Tensor, low: Tensor, high: Tensor) -> Decision:
        corners = self.corners[patches]
        two = torch.stack([low, high], 1)
        both = corners.gather(2, two[:, None].expand(-1, 4, 2))
        lead = self._interpolated((both[..., 0] - both[..., 1])[None], patches)[0]
        unsure = ROUNDING * both.abs().amax((1, 2))[:, None, None]
        doubtful = lead.abs() <= unsure
        suspects = torch.zeros(self.corners.shape[2], dtype=torch.bool)
        suspects[two[doubtful.any(2).any(1)]] = True
        classes = torch.where(lead > 0, low[:, None, None], high[:, None, None])
        return Decision(classes.short(), doubtful, suspects)

    def _among_all(self, patches: Tensor) -> Decision:
        corners = self.corners[patches]
        scores = self._interpolated(corners.permute(2, 0, 1).contiguous(), patches)
        best, classes = scores.max(0)
        unsure = ROUNDING * corners.abs().amax((1, 2))[:, None, None]
        is_near = best - scores <= unsure
        doubtful = is_near.sum(0) > 1
        suspects = (is_near & doubtful).flatten(1).any(1)
        return Decision(classes.short(), doubtful, suspects)

    def _interpolated(self, corners: Tensor, patches: Tensor) -> Tensor:
        """Values [c, n, 4] at the corners of some patches -> [c, n, down, across]."""
        left, right, left_below, right_below = (value[..., None] for value in corners.unbind(2))
        across, down = self.across[patches], self.down[patches]
        above = torch.lerp(left, right, across)[..., None, :]
        below = torch.lerp(left_below, right_below, across)[..., None, :]
        return torch.lerp(above, below, down[..., None])
