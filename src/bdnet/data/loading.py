"""Loaders: worker processes that decode clips, and report what they could not read."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Any, NamedTuple

import cv2
import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from bdnet.data.errors import BadData
from bdnet.errors import BdnetError

ATTEMPTS = 20  # to replace a clip; after so many failures the data set itself is broken


class Unreadable(NamedTuple):
    """The number of a sample that could not be read (-1 for a whole batch), and why."""

    sample: int
    reason: str


class Loaded(NamedTuple):
    """An item or a batch, as a worker process sends it.

    item:   None if neither it nor a replacement could be read
    errors: the samples that could not be read
    """

    item: Any
    errors: tuple[Unreadable, ...] = ()


class SafeDataset(Dataset[Loaded]):
    """The items of a data set, or the reasons why they cannot be read.

    Errors are returned as text: torch would wrap a worker's exception into a traceback of its own.

    replacement: gives, for an index that failed, the one to read instead; None: no replacement
    """

    def __init__(
        self, items: Dataset[Any], replacement: Callable[[Any], Any] | None = None
    ) -> None:
        self.items, self.replacement = items, replacement

    def __len__(self) -> int:
        return len(self.items)  # type: ignore[arg-type]  # all of ours have a length

    def __getitem__(self, index: Any) -> Loaded:
        errors: list[Unreadable] = []
        for _ in range(ATTEMPTS):
            try:
                return Loaded(self.items[index], tuple(errors))
            except BdnetError as error:
                sample = index if isinstance(index, int) else index.sample
                errors.append(Unreadable(sample, str(error)))
            if self.replacement is None:
                break
            index = self.replacement(index)
        return Loaded(None, tuple(errors))


class Loader(DataLoader[Loaded]):
    """Yields batches, and raises in this process the errors of workers that could not read.

    on_errors:    called in this process with each batch's errors of clips that were replaced
    wait_seconds: how long this process has waited for batches so far
    """

    on_errors: Callable[[tuple[Unreadable, ...]], None] | None = None
    wait_seconds = 0.0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # unpacks its own batches
        return self._unpacked(super().__iter__())

    def _unpacked(self, batches: Iterable[Loaded]) -> Iterator[Any]:
        start = monotonic()
        for item, errors in batches:
            self.wait_seconds += monotonic() - start
            if self.on_errors is not None:
                self.on_errors(errors)
            if item is None:
                raise BadData(errors[-1].reason)
            yield item
            start = monotonic()


def make_loader(items: Dataset[Loaded], workers: int, prefetch: int, **settings: Any) -> Loader:
    """A loader of `workers` processes, each of which reads `prefetch` batches ahead."""
    if workers:
        settings |= {"persistent_workers": True, "prefetch_factor": prefetch}
    return Loader(
        items,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=one_thread,
        generator=torch.Generator(),  # starting workers draws from it, not from the network's
        **settings,
    )


def collate(loaded: list[Loaded] | Loaded) -> Loaded:
    """Makes a batch of several items; a single one is a batch already."""
    if isinstance(loaded, Loaded):
        return loaded
    errors = tuple(error for part in loaded for error in part.errors)
    failed = tuple(part.errors[-1] for part in loaded if part.item is None)
    if failed:
        return Loaded(None, errors + failed)  # the last one is raised
    clips = [part.item for part in loaded]
    sizes = sorted({tuple(clip.images.shape[-2:]) for clip in clips})
    if len(sizes) > 1:
        given = " and ".join(f"{height}x{width}" for height, width in sizes)
        reason = (
            f"clips of {given} pixels (height x width) do not fit in one batch; train with a crop "
            "(augmentation@data.augmentation=standard), evaluate with data.batch_size=1, or encode "
            "the videos at one size"
        )
        return Loaded(None, (*errors, Unreadable(-1, reason)))
    return Loaded(default_collate(clips), errors)


def one_thread(_: int) -> None:
    """Gives a worker process one thread, since the workers run in parallel."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
