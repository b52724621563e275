"""Tailing error: wrong predictions where moving objects have just been."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from bdnet.metrics.base import CountMetric
from bdnet.types import IGNORE


class Tailing(NamedTuple):
    """Shares of the band's pixels; nan where nothing moved.

    error: predicted wrongly
    smear: predicted as the class that has left
    """

    error: Tensor
    smear: Tensor


class TailingError(CountMetric):
    """Error rate in the band that movable objects covered at t-1 and have left at t [reading].

    The band is where the class at t-1 is movable and the class at t is another, both known. Labels
    are classes, not objects: a car in the place of another car is no change.

    classes: how many there are
    movable: the numbers of those that move
    """

    higher_is_better = False
    moves: Tensor
    wrong: Tensor
    smeared: Tensor
    band: Tensor

    def __init__(self, classes: int, movable: Sequence[int]) -> None:
        super().__init__(classes)
        moves = torch.zeros(IGNORE + 1, dtype=torch.bool)
        moves[list(movable)] = True
        self.register_buffer("moves", moves, persistent=False)
        self.add_counts("wrong", "smeared", "band")

    def update(self, prediction: Tensor, labels: Tensor, previous: Tensor) -> None:
        """Classes [b, H, W] predicted and true (255: void), and true ones of the frame before."""
        self.check(prediction, labels)
        if previous.shape != labels.shape:
            raise ValueError(
                f"previous labels are {list(previous.shape)} and labels {list(labels.shape)}: "
                "give the labels of the frame before"
            )
        band = self.moves[previous.long()] & (labels != previous) & (labels != IGNORE)
        self.band += band.sum()
        self.wrong += (band & (prediction != labels)).sum()
        self.smeared += (band & (prediction == previous)).sum()

    def compute(self) -> Tailing:
        size = self.band.double()
        return Tailing(self.wrong / size, self.smeared / size)
