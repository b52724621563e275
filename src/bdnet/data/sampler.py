"""Which clip comes when: drawn anew each epoch to train, one offset per batch to evaluate."""

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
    """Draws without end: epoch after epoch every sample once, in an order of its own.

    Draw number n is a function of the seed and n alone. It does not matter which worker, or which
    of how many processes, reads it, or whether training was interrupted before it. Its offset is
    uniform among those that the sample can reach.

    samples: their numbers
    offsets: of each of them, those at which it has a keyframe
    """

    def __init__(self, samples: Sequence[int], offsets: Sequence[Sequence[int]], seed: int) -> None:
        self.samples, self.offsets, self.seed = samples, offsets, seed
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        """How many samples there are."""
        return len(self.samples)

    def __getitem__(self, number: int) -> Draw:
        epoch, place = divmod(number, len(self))
        place = int(self._order_of(epoch)[place])
        seed = (self.seed, epoch, self.samples[place])
        choice = self.offsets[place]
        return Draw(seed[2], choice[int(np.random.default_rng(seed).integers(len(choice)))], seed)

    def instead(self, draw: Draw) -> Draw:
        """Another draw in the place of one that cannot be read: a function of that one alone."""
        seed = (*draw.seed, 1)
        random = np.random.default_rng(seed)
        place = int(random.integers(len(self)))
        choice = self.offsets[place]
        return Draw(self.samples[place], choice[int(random.integers(len(choice)))], seed)

    def _order_of(self, epoch: int) -> NDArray[np.int64]:
        if epoch != self._epoch:
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self))
            self._epoch, self._order = epoch, order
        return self._order


Kind = tuple[Draws, int]  # of clips, and how many of them a batch has


def drawn_from(
    parts: Sequence[tuple[OffsetIndex, int]], seed: int
) -> tuple[list[Sample], list[Kind]]:
    """The samples of all parts that can be reached, numbered through, and how they are drawn."""
    samples: list[Sample] = []
    kinds = []
    for found, size in parts:
        chosen = [place for place, choice in enumerate(found.offsets) if choice]
        numbers = range(len(samples), len(samples) + len(chosen))
        kinds.append((Draws(numbers, [found.offsets[n] for n in chosen], seed), size))
        samples += [found.samples[place] for place in chosen]
    return samples, kinds


class TrainingBatches(Sampler[list[Draw]]):
    """Batches of so many draws from each of some kinds of clips (labelled ones and others).

    With several processes, each takes its consecutive part of a joint batch: together they read
    what one process with the joint batch reads.

    kinds: draws, and how many of them a batch of this process has
    count: batches of an epoch; None is one pass over the first kind
    first: the batch to begin with, where training goes on
    """

    def __init__(
        self,
        kinds: Sequence[Kind],
        count: int | None = None,
        first: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.kinds, self.first, self.rank, self.world = kinds, first, rank, world
        draws, size = kinds[0]
        self.count = len(draws) // (size * world) if count is None else count
        self.epoch = 0
        self.sampler = self  # where Lightning looks for set_epoch

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def batch(self, number: int) -> list[Draw]:
        """The draws of a batch, counted from the beginning of training."""
        turn = number * self.world + self.rank
        return [draws[turn * size + place] for draws, size in self.kinds for place in range(size)]

    def __iter__(self) -> Iterator[list[Draw]]:
        for number in range(self.first, self.count):
            yield self.batch(self.epoch * self.count + number)

    def __len__(self) -> int:
        """Those before the first one too: Lightning counts them as done."""
        return self.count


class OffsetBatches(Sampler[list[Draw]]):
    """Batches of one offset each: all samples at offset 0, then all at 1, ...

    With several processes, batch number i goes to process i modulo their count: no sample is read
    twice, and none is added to make the counts even. Batches are smaller where there would not be
    one for each process, since all have to talk to each other when they have counted.
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
            [Draw(sample, offset, (0, 0, sample)) for sample in chosen[start : start + size]]
            for offset, chosen in sorted(samples.items())
            for start in range(0, len(chosen), size)
        ][rank::world]

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)
