"""Settings and videos that all tests share."""

import hashlib
import shutil
import signal
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from videos import Video

if TYPE_CHECKING:
    from bdnet.data.streets.dataset import Streets


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    # background jobs of a shell ignore interrupts, which some tests send
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # the workers of pytest-xdist share the cores


@pytest.fixture(scope="session")
def make_video(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes the file of `Video(...)`, encoded only once. Tests must not change it."""
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
    """A data set for data=folder: see tiny_training.py. Never change it."""
    from tiny_training import write_bands

    return write_bands(tmp_path_factory.mktemp("bands"))


@pytest.fixture(scope="session")
def small_streets(tmp_path_factory: pytest.TempPathFactory) -> "Streets":
    """Three drives of 8 frames at 64x96, already rendered. Never change its files."""
    from bdnet.codec import Encoding
    from bdnet.data.streets import StreetParameters
    from bdnet.data.streets.dataset import Streets

    streets = Streets(
        root=tmp_path_factory.mktemp("streets"),
        clips={"train": 3, "val": 2, "test": 1},
        parameters=StreetParameters(height=64, width=96, length=8),
        encoding=Encoding(interval=8, crf=18),
        processes=1,
    )
    streets.prepare()
    return streets


@pytest.fixture(scope="session")
def trained(bands: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of six steps. Never change it."""
    from tiny_training import run, settings

    return run(*settings(bands, tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="session")
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Path:
    """A folder with a run (run/) and its export (out/). Never change it.

    Made once for all workers, because it takes longer than most tests.
    """
    folder = tmp_path_factory.getbasetemp()
    folder = (folder if worker_id == "master" else folder.parent) / "exported"
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            from export_clips import export

            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)  # of a worker that failed
            shutil.copytree(request.getfixturevalue("trained"), partial / "run")
            with (partial / "printed.txt").open("w") as printed, redirect_stdout(printed):
                export(f"run={partial / 'run'}", f"output={partial / 'out'}")
            partial.replace(folder)
    return folder
