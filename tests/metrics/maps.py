"""What tests of metrics share: small label maps, and two halves that must add up."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric

from bdnet.types import IGNORE

CLASSES = 4  # of which the last never occurs


def blobs(seed: int, shape: tuple[int, ...] = (4, 40, 56), void: bool = False) -> Tensor:
    """Maps of a few shapes over each other, of classes 0 to 2; with void in patches and pixels."""
    rng = np.random.default_rng(seed)
    maps = np.zeros(shape, np.int64)
    height, width = shape[-2:]
    rows, columns = np.mgrid[:height, :width]
    for one in maps.reshape(-1, height, width):
        for number in (1, 2, 0, 1, 2):
            y, x, reach = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(3, 14)
            one[(rows - y) ** 2 + (columns - x) ** 2 < reach**2] = number
        if void:
            y, x = rng.integers(height), rng.integers(width)
            one[y : y + 9, x : x + 12] = IGNORE
            one[rng.random(one.shape) < 0.01] = IGNORE
    return torch.from_numpy(maps)


def guessed(truth: Tensor, seed: int) -> Tensor:
    """Shifted by a pixel or two and with other blobs in places."""
    other = blobs(seed + 1000, tuple(truth.shape))
    moved = truth.roll((seed % 3, 1), (-2, -1)).where(truth != IGNORE, other)
    return moved.where(moved != IGNORE, other)


def flat(scores: object) -> list[float]:
    """All numbers of a result, in order."""
    if isinstance(scores, dict):
        return [number for each in scores.values() for number in flat(each)]
    if isinstance(scores, tuple):
        return [number for each in scores for number in flat(each)]
    return scores.double().flatten().tolist()


def check_sums(make: Callable[[], Metric], *batches: tuple[Tensor, ...]) -> None:
    """Batches seen by two processes and merged, one by one, and joined, score the same."""
    one, other, both, joined = (make() for _ in range(4))
    for number, batch in enumerate(batches):
        (one if number % 2 else other).update(*batch)
        both.update(*batch)
    joined.update(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
    one.merge_state(other)
    expected = flat(joined.compute())
    for found in (one, both):
        np.testing.assert_array_equal(flat(found.compute()), expected)
    fresh: list[NDArray[np.float64]] = [state.numpy() for state in make().metric_state.values()]
    both.reset()
    assert all(
        np.array_equal(state, start)
        for state, start in zip(both.metric_state.values(), fresh, strict=True)
    )
