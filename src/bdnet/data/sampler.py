"""The order of clips: drawn anew each epoch to train, one offset per batch to evaluate."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from bdnet.data.base import Sample
from bdnet.data.errors import BadData
from bdnet.data.offsets import OffsetIndex


class Draw(NamedTuple):
    """A clip to be read: the sample's number, the frames back to its keyframe, and a seed."""

    sample: int
    offset: int
    seed: tuple[int, ...]


class Draws:
    """Endless draws: in each epoch every sample once, in a new order.

    Draw number n is a function of the seed and n alone, whatever worker or process reads it, and
    whether or not training was interrupted before it. Its offset is
    uniform among those at which the sample has a keyframe.

    samples: their numbers
    offsets: for each sample, the offsets at which it has a keyframe
    """

    def __init__(self, samples: Sequence[int], offsets: Sequence[Sequence[int]], seed: int) -> None:
        self.samples, self.offsets, self.seed = samples, offsets, seed
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.samples)

    def __getitem__(self, number: int) -> Draw:
        epoch, position = divmod(number, len(self))
        index = int(self._order_of(epoch)[position])
        seed = (self.seed, epoch, self.samples[index])
        return self._draw(index, np.random.default_rng(seed), seed)

    def replacement(self, draw: Draw) -> Draw:
        """Another draw to replace one that cannot be read; it depends on that draw alone."""
        seed = (*draw.seed, 1)
        random = np.random.default_rng(seed)
        return self._draw(int(random.integers(len(self))), random, seed)

    def _draw(self, index: int, random: np.random.Generator, seed: tuple[int, ...]) -> Draw:
        offsets = self.offsets[index]
        return Draw(self.samples[index], offsets[int(random.integers(len(offsets)))], seed)

    def _order_of(self, epoch: int) -> NDArray[np.int64]:
        if epoch != self._epoch:
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self))
            self._epoch, self._order = epoch, order
        return self._order


Share = tuple[Draws, int]  # clips of one kind, labelled or not, and how many of them a batch has


def draw_from(
    parts: Sequence[tuple[OffsetIndex, int]], seed: int
) -> tuple[list[Sample], list[Share]]:
    """The samples of all parts that have an offset, and the draws of each part among them."""
    samples: list[Sample] = []
    shares = []
    for index, size in parts:
        chosen = [number for number, offsets in enumerate(index.offsets) if offsets]
        numbers = range(len(samples), len(samples) + len(chosen))
        shares.append((Draws(numbers, [index.offsets[number] for number in chosen], seed), size))
        samples += [index.samples[number] for number in chosen]
    return samples, shares


class TrainingBatches(Sampler[list[Draw]]):
    """Batches with a share of each kind of clips, labelled ones first.

    With several processes, each takes its consecutive part of a joint batch: together they read
    what one process with the joint batch reads.

    shares: draws, and how many of them a batch of this process has
    count:  batches of an epoch; None is one pass over the first kind
    first:  the batch to begin with when training is resumed
    """

    def __init__(
        self,
        shares: Sequence[Share],
        count: int | None = None,
        first: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.shares, self.first, self.rank, self.world = shares, first, rank, world
        draws, size = shares[0]
        self.count = len(draws) // (size * world) if count is None else count
        self.epoch = 0
        self.sampler = self  # where Lightning looks for set_epoch

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def batch(self, number: int) -> list[Draw]:
        """The draws of a batch, counted from the beginning of training."""
        turn = number * self.world + self.rank
        return [draws[turn * size + n] for draws, size in self.shares for n in range(size)]

    def replacement(self, draw: Draw) -> Draw:
        """Another draw of the same kind to replace one that cannot be read."""
        (draws,) = (draws for draws, _ in self.shares if draw.sample in draws.samples)
        return draws.replacement(draw)

    def __iter__(self) -> Iterator[list[Draw]]:
        for number in range(self.first, self.count):
            yield self.batch(self.epoch * self.count + number)

    def __len__(self) -> int:
        """Includes the batches before the first one, which Lightning counts as done."""
        return self.count


class OffsetBatches(Sampler[list[Draw]]):
    """Batches of one offset each: all samples at offset 0, then all at 1, ...

    With several processes, batch number i goes to process i modulo their count: no sample is read
    twice, and none is added to make the counts even. Batches are smaller where there would not be
    one for each process, since all of them take part when counts are added up.
    """

    def __init__(
        self, samples: dict[int, list[int]], size: int, rank: int = 0, world: int = 1
    ) -> None:
        clips = sum(map(len, samples.values()))
        if clips < world:
            raise BadData(
                f"there are only {clips} clips to evaluate with {world} processes; use fewer"
            )
        size = min(size, clips // world)
        self.batches = [
            [Draw(sample, offset, (0, 0, sample)) for sample in numbers[start : start + size]]
            for offset, numbers in sorted(samples.items())
            for start in range(0, len(numbers), size)
        ][rank::world]

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)
