"""Loaders: worker processes that decode one clip at a time."""

from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset


def loader(clips: Dataset[Any], workers: int, prefetch: int, **settings: Any) -> DataLoader[Any]:
    """A loader of so many processes, each of which reads so many batches ahead."""
    parallel: dict[str, Any] = (
        {"persistent_workers": True, "prefetch_factor": prefetch} if workers else {}
    )
    return DataLoader(
        clips,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=one_thread,
        generator=torch.Generator(),  # starting workers draws from it, not from the network's
        **parallel,
        **settings,
    )


def one_thread(_: int) -> None:
    """In a worker process: the workers are the parallelism."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
