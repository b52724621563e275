"""Loaders: worker processes that decode one clip at a time, and say what they could not read."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Any, NamedTuple

import cv2
import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from bdnet.data.errors import BadData
from bdnet.errors import BdnetError


class Bad(NamedTuple):
    """What could not be read: the number of its sample, and the sentence that says why."""

    sample: int
    sentence: str


class Read(NamedTuple):
    """An item or a batch, as a worker process sends it.

    item: None where it could not be read, nor anything in its place
    bad:  what could not be read
    """

    item: Any
    bad: tuple[Bad, ...] = ()


class Attempts(Dataset[Read]):
    """Another data set's items. Errors of its files travel as sentences: torch would wrap those of
    a worker process into its own words and traces.
    """

    def __init__(self, items: Dataset[Any]) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)  # type: ignore[arg-type]  # all of ours have a length

    def __getitem__(self, index: Any) -> Read:
        try:
            return Read(self.items[index])
        except BdnetError as error:
            sample = index if isinstance(index, int) else index.sample
            return Read(None, (Bad(sample, str(error)),))


class Loader(DataLoader[Read]):
    """Gives what was read, and raises in this process what could not be.

    note:   is told in this process, batch by batch, what was read in the place of something else
    wait_seconds: seconds that this process has waited for batches so far
    """

    note: Callable[[tuple[Bad, ...]], None] | None = None
    wait_seconds = 0.0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # what is in its own batches
        return self._unpacked(super().__iter__())

    def _unpacked(self, batches: Iterable[Read]) -> Iterator[Any]:
        asked = monotonic()
        for item, bad in batches:
            self.wait_seconds += monotonic() - asked
            if self.note is not None:
                self.note(bad)
            if item is None:
                raise BadData(bad[-1].sentence)
            yield item
            asked = monotonic()


def loader(items: Dataset[Read], workers: int, prefetch: int, **settings: Any) -> Loader:
    """A loader of so many processes, each of which reads so many batches ahead."""
    parallel: dict[str, Any] = (
        {"persistent_workers": True, "prefetch_factor": prefetch} if workers else {}
    )
    return Loader(
        items,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=one_thread,
        generator=torch.Generator(),  # starting workers draws from it, not from the network's
        **parallel,
        **settings,
    )


def collate(read: list[Read] | Read) -> Read:
    """One batch out of several items; a single one is a batch already."""
    if isinstance(read, Read):
        return read
    items = [each.item for each in read]
    bad = tuple(one for each in read for one in each.bad)
    if any(item is None for item in items):
        # what nothing came in the place of is said last
        return Read(None, (*bad, *(each.bad[-1] for each in read if each.item is None)))
    sizes = {tuple(item.images.shape[-2:]) for item in items}
    if len(sizes) > 1:
        found = " and ".join(f"{height}x{width}" for height, width in sorted(sizes))
        sentence = (
            f"clips of {found} pixels (height x width) do not fit in one batch; train with a crop "
            "(augmentation@data.augmentation=standard), evaluate with data.batch_size=1, or encode "
            "the videos at one size"
        )
        return Read(None, (*bad, Bad(-1, sentence)))
    return Read(default_collate(items), bad)


def one_thread(_: int) -> None:
    """In a worker process: the workers are the parallelism."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
