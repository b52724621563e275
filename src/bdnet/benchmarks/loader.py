"""Training clips per second, with the loader's workers and in one process."""

import time

from bdnet.benchmarks.base import Rates, take_turns
from bdnet.data.clips import Clips
from bdnet.data.errors import BadData
from bdnet.data.loading import one_thread
from bdnet.data.module import ClipDataModule
from bdnet.data.sampler import TrainingBatches


class LoaderSpeed:
    """Reads training clips of a data set."""

    def __init__(self, module: ClipDataModule | None, clips: int) -> None:
        if module is None:
            raise BadData("nothing to load; use data=NAME, such as data=streets")
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
        epochs = iter(range(10**9))

        def with_workers() -> float:
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

        def in_one_process() -> float:
            start = time.perf_counter()
            for draw in draws:
                clips[draw]
            return len(draws) / (time.perf_counter() - start)

        contenders = {
            f"{self.module.workers} workers": with_workers,
            "in one process": in_one_process,
        }
        rows = take_turns(contenders, repeats)
        first = clips[draws[0]]
        facts = {
            "data set": type(self.module.dataset).__name__,
            "clip": f"{first.images.shape[0]} images of {list(first.images.shape[-2:])}",
            "interval": self.module.interval,
            "batch size": self.module.batch_size,
        }
        return Rates("clips/s", rows, facts, {})
