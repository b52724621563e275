"""Which clip comes when: drawn anew each epoch to train, one offset per batch to evaluate."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from torch.utils.data import DistributedSampler, Sampler


class Draw(NamedTuple):
    """A clip to be read: the sample's number, the frames back to its keyframe, and a seed."""

    sample: int
    offset: int
    seed: tuple[int, int, int]


class TrainingSampler(DistributedSampler[Draw]):
    """Every sample once an epoch in a shuffled order, with an offset uniform in 0..interval-1.

    A draw is a function of seed, epoch and sample alone: it does not matter which worker, or which
    of how many processes, reads it. Lightning calls `set_epoch`, and leaves a DistributedSampler as
    it is.
    """

    def __init__(
        self, offsets: Sequence[Sequence[int]], seed: int, rank: int = 0, world: int = 1
    ) -> None:
        super().__init__(range(len(offsets)), world, rank, shuffle=True, seed=seed)  # type: ignore[arg-type]
        self.offsets = offsets

    def __iter__(self) -> Iterator[Draw]:
        for sample in super().__iter__():
            seed = (self.seed, self.epoch, int(sample))  # type: ignore[call-overload]
            choice = self.offsets[seed[2]]
            offset = choice[int(np.random.default_rng(seed).integers(len(choice)))]
            yield Draw(seed[2], offset, seed)


class OffsetBatches(Sampler[list[Draw]]):
    """Batches of one offset each: all samples at offset 0, then all at 1, ...

    With several processes, batch number i goes to process i modulo their count: no sample is read
    twice, and none is added to make the counts even.
    """

    def __init__(
        self, samples: dict[int, list[int]], size: int, rank: int = 0, world: int = 1
    ) -> None:
        self.batches = [
            [Draw(sample, offset, (0, 0, sample)) for sample in chosen[start : start + size]]
            for offset, chosen in sorted(samples.items())
            for start in range(0, len(chosen), size)
        ][rank::world]

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)
