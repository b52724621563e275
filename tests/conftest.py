"""Settings and videos that all tests share."""

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from videos import Video

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # albumentations looks on the net otherwise


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    # a shell starts what runs in its background with interrupts ignored, and some tests send one
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # the workers of pytest-xdist share the cores


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Returns the file of `Video(...)`, encoded when it is first asked for. Never change it."""
    folder = tmp_path_factory.mktemp("videos")

    def make(**recipe: object) -> Path:
        video = Video(**recipe)
        name = hashlib.sha256(repr(video).encode()).hexdigest()[:12]
        path = folder / f"{name}.{video.container}"
        if not path.exists():
            video.write(path)
        return path

    return make


@pytest.fixture(scope="session")
def bands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set for data=folder: see training.py. Never change it."""
    from training import write_bands

    return write_bands(tmp_path_factory.mktemp("bands"))


@pytest.fixture(scope="session")
def trained(bands: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of six steps. Never change it."""
    from training import run, settings

    return run(*settings(bands, tmp_path_factory.mktemp("runs")))
