"""Training clips per second, with the loader's workers and in one process."""

import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields, replace
from itertools import count
from typing import Any

from bdnet.benchmarks.base import Rates, take_turns
from bdnet.data.base import ClipDataset
from bdnet.data.clips import Clips
from bdnet.data.errors import BadData
from bdnet.data.loading import Loader, one_thread
from bdnet.data.module import ClipDataModule
from bdnet.data.sampler import Draw, TrainingBatches


class LoaderSpeed:
    """Reads training clips of a data set.

    against: changes to the data set or to the encoding of its videos, which is then measured too
    """

    def __init__(
        self,
        module: ClipDataModule | None,
        clips: int,
        against: Mapping[str, Any] | None = None,
    ) -> None:
        if module is None:
            raise BadData("nothing to load; use data=NAME, such as data=streets")
        self.modules = {"": module}
        self.clips = clips
        if against:
            changed = copy(module)
            changed.dataset = _changed(module.dataset, against).for_interval(module.interval)
            names = ", ".join(f"{key}={value}" for key, value in against.items())
            self.modules[f", {names}"] = changed

    def measure(self, repeats: int) -> Rates:
        contenders: dict[str, Callable[[], float]] = {}
        for name, module in self.modules.items():
            module.dataset.prepare(["train"])
            loader = module.train_dataloader()
            if module.workers:
                contenders[f"{module.workers} workers{name}"] = self._with_workers(loader)
            clips, draws = self._draws(loader, module.batch_size)
            contenders[f"one process, per CPU second{name}"] = _rate(clips.__getitem__, draws)
            contenders[f"decoding alone, per CPU second{name}"] = _rate(clips.decode, draws)
        one_thread(0)  # as in a worker
        rows = take_turns(contenders, repeats)
        first = clips[draws[0]]
        facts = {
            "data set": type(module.dataset).__name__,
            "clip": f"{first.images.shape[0]} images of {list(first.images.shape[-2:])}",
            "interval": module.interval,
            "batch size": module.batch_size,
        }
        return Rates("clips/s", rows, facts, {})

    def _draws(self, loader: Loader, size: int) -> tuple[Clips, list[Draw]]:
        clips, batches = loader.dataset.items, loader.batch_sampler  # type: ignore[attr-defined]
        assert isinstance(clips, Clips)
        assert isinstance(batches, TrainingBatches)
        needed = range(-(-self.clips // size))
        draws = [draw for number in needed for draw in batches.batch(number)]
        return clips, draws[: self.clips]

    def _with_workers(self, loader: Loader) -> Callable[[], float]:
        epochs = count()

        def run() -> float:
            loader.batch_sampler.set_epoch(next(epochs))  # type: ignore[union-attr]
            number, start = 0, 0.0
            while number < self.clips:
                for batch in loader:
                    if not start:  # the workers have started
                        start = time.perf_counter()
                        continue
                    number += len(batch.offset)
                    if number >= self.clips:
                        break
            return number / (time.perf_counter() - start)

        return run


def _rate(read: Callable[[Draw], object], draws: list[Draw]) -> Callable[[], float]:
    """Per second of the processor, which other work on the machine changes little."""

    def run() -> float:
        start = time.process_time()
        for draw in draws:
            read(draw)
        return len(draws) / (time.process_time() - start)

    return run


def _changed(dataset: ClipDataset, changes: Mapping[str, Any]) -> ClipDataset:
    """A data set with other values of its own fields, or of its encoding's."""
    own = {field.name for field in fields(dataset)}  # type: ignore[arg-type]
    encoding = {key: value for key, value in changes.items() if key not in own}
    changes = {key: value for key, value in changes.items() if key in own}
    if encoding:
        changes["encoding"] = replace(dataset.encoding, **encoding)  # type: ignore[attr-defined]
    return replace(dataset, **changes)  # type: ignore[type-var]
