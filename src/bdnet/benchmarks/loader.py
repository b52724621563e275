"""Training clips per second, and where the time goes."""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from torch.utils.data import default_collate

from bdnet.benchmarks.base import Rates, take_turns
from bdnet.data.clips import Clips
from bdnet.data.errors import BadData
from bdnet.data.loading import one_thread
from bdnet.data.module import ClipDataModule
from bdnet.data.sampler import Draw, TrainingBatches

PARTS = {"_frames": "decode", "_images": "original pixels", "_labels": "labels"}


class LoaderSpeed:
    """Reads training clips of a data set, with its workers and without."""

    def __init__(self, module: ClipDataModule | None, clips: int) -> None:
        if module is None:
            raise BadData("nothing to load; say data=NAME, such as data=streets")
        self.module, self.clips = module, clips

    def measure(self, repeats: int) -> Rates:
        self.module.prepare_data()
        loader = self.module.train_dataloader()
        clips, batches = loader.dataset.items, loader.batch_sampler  # type: ignore[attr-defined]
        assert isinstance(clips, Clips)
        assert isinstance(batches, TrainingBatches)
        needed = range(-(-self.clips // self.module.batch_size))
        draws = [draw for number in needed for draw in batches.batch(number)][: self.clips]
        one_thread(0)  # as in a worker
        workers = f"{self.module.workers} workers"
        epochs = iter(range(10**9))

        def work() -> float:
            batches.set_epoch(next(epochs))
            count, start = 0, 0.0
            while count < self.clips:
                for batch in loader:
                    if not start:  # the workers have started
                        start = time.perf_counter()
                        continue
                    count += len(batch.offset)
                    if count >= self.clips:
                        break
            return count / (time.perf_counter() - start)

        def alone() -> float:
            start = time.perf_counter()
            for draw in draws:
                clips[draw]
            return len(draws) / (time.perf_counter() - start)

        rows = take_turns({workers: work, "in one process": alone}, repeats)
        shares = _shares(clips, draws, self.module.batch_size)
        first = clips[draws[0]]
        facts = {
            "data set": type(self.module.dataset).__name__,
            "clip": f"{first.images.shape[0]} images of {list(first.images.shape[-2:])}",
            "interval": self.module.interval,
            "batch size": self.module.batch_size,
        }
        return Rates("clips/s", rows, facts, {"share of the time in one process": shares})


def _shares(clips: Clips, draws: list[Draw], batch: int) -> dict[str, str]:
    """Which part of reading takes which share of the time."""
    spent: dict[str, float] = defaultdict(float)
    watched = _watched(clips, spent)
    start = time.perf_counter()
    read = [watched[draw] for draw in draws]
    whole = time.perf_counter() - start
    spent["stacking into tensors"] = whole - sum(spent.values())
    start = time.perf_counter()
    for place in range(0, len(read), batch):
        default_collate(read[place : place + batch])
    spent["collation"] = time.perf_counter() - start
    total = sum(spent.values())
    return {part: f"{time_ / total:.1%}" for part, time_ in spent.items()}


def _watched(clips: Clips, spent: dict[str, float]) -> Clips:
    watched = Clips(
        clips.dataset, clips.samples, clips.interval, clips.pixels, clips.images, clips.transform
    )

    def watch(part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = time.perf_counter()
            result = call(*arguments)
            spent[part] += time.perf_counter() - start
            return result

        return timed

    for name, part in PARTS.items():
        setattr(watched, name, watch(part, getattr(watched, name)))
    if watched.transform is not None:
        watched.transform = watch("augmentation", watched.transform)  # type: ignore[assignment]
    return watched
