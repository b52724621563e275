"""What tests of metrics share: small label maps, and a check that batches add up."""

from collections.abc import Callable

import numpy as np
import torch
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
    for frame in maps.reshape(-1, height, width):
        for number in (1, 2, 0, 1, 2):
            y, x, reach = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(3, 14)
            frame[(rows - y) ** 2 + (columns - x) ** 2 < reach**2] = number
        if void:
            y, x = rng.integers(height), rng.integers(width)
            frame[y : y + 9, x : x + 12] = IGNORE
            frame[rng.random(frame.shape) < 0.01] = IGNORE
    return torch.from_numpy(maps)


def guessed(truth: Tensor, seed: int) -> Tensor:
    """Shifted by a pixel or two and with other blobs in places."""
    filler = blobs(seed + 1000, tuple(truth.shape))
    moved = truth.roll((seed % 3, 1), (-2, -1)).where(truth != IGNORE, filler)
    return moved.where(moved != IGNORE, filler)


def flat(scores: object) -> list[float]:
    """All numbers of a result, in order."""
    if isinstance(scores, dict):
        scores = tuple(scores.values())
    if isinstance(scores, tuple):
        return [number for part in scores for number in flat(part)]
    return scores.double().flatten().tolist()


def check_sums(make: Callable[[], Metric], *batches: tuple[Tensor, ...]) -> None:
    """Batches give the same score in two processes, one after another, and as a single batch."""
    first, second, serial, joined = (make() for _ in range(4))
    for number, batch in enumerate(batches):
        (first if number % 2 else second).update(*batch)
        serial.update(*batch)
    joined.update(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
    first.merge_state(second)
    expected = flat(joined.compute())
    for metric in (first, serial):
        np.testing.assert_array_equal(flat(metric.compute()), expected)
    serial.reset()
    for name, state in make().metric_state.items():
        np.testing.assert_array_equal(serial.metric_state[name], state)
