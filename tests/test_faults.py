"""Work that is killed at any moment leaves no damaged file, and the final result is the same."""

import importlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import pytest
import torch
import yaml

from bdnet.codec import VideoReader
from processes import clean_context
from test_encode import write_images
from tiny_training import settings
from trees import same, state

# keys of JSON files whose values differ every time
TIMES = {"seconds", "frames_per_second", "started", "machine", "commit", "motion"}


class Work(NamedTuple):
    """A command, and patterns of its files that must not be written again after a restart."""

    verb: str
    arguments: list[str]
    finished: tuple[str, ...] = ()


def training(bands: Path) -> list[str]:
    return [*settings(bands, Path("runs")), "checkpoint_every=1"]


@pytest.fixture(scope="module")
def works(
    bands: Path,
    trained: Path,
    make_video: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Work]:
    """The commands that may take long."""
    images = tmp_path_factory.mktemp("images")
    for name in "abcde":
        write_images(images / name, count=40, size=(240, 320))
    video = make_video(frames=60, size=(64, 96))
    given = [*training(bands), "data.workers=1"]
    short = ["steps=2", "validate_every=2"]
    small = ["height=64", "width=96", "length=6"]
    return {
        "train": Work("train", [*given, "steps=4"], ("runs/tiny/seed=0/metrics.json",)),
        "sweep": Work("train", ["-m", *given, *short, "seed=0,1"], ("runs/*/*/metrics.json",)),
        "encode": Work(
            "encode", [f"input={images}", "output=out", "processes=2"], ("out/[!.]*.mp4",)
        ),
        "streets": Work(
            "probe",
            [
                *("data=streets", "data.dataset.root=cache", "data.dataset.processes=2"),
                "data.dataset.clips={train: 5, val: 2, test: 1}",
                *(f"data.dataset.parameters.{size}" for size in small),
                *("data.dataset.encoding.interval=6", "data.workers=0", "sheet=sheet.png"),
            ],
            ("cache/*/*/videos/[!.]*.mp4",),
        ),
        "predict": Work(
            "predict",
            [f"run={trained}", f"video={video}", "output=out", "labels=true", "device=cpu"],
        ),
        "network": Work(
            "predict",
            [
                f"network=run:{trained}",
                f"video={video}",
                "output=out",
                "labels=true",
                "motion=search",
            ],
        ),
        "compare": Work("compare", [f"network=run:{trained}", f"video={video}", "motion=search"]),
    }


def start(work: Work, folder: Path) -> ForkServerProcess:
    """Starts the command in a process of its own."""
    folder.mkdir(exist_ok=True)
    process = clean_context().Process(target=_command, args=(work, folder))
    process.start()
    return process


def _command(work: Work, folder: Path) -> None:
    os.chdir(folder)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    sys.argv = [work.verb, *work.arguments]
    importlib.import_module(f"bdnet.{work.verb}").main()


def check_whole(folder: Path) -> None:
    """Checks that all files except temporary ones are complete."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or any(".partial" in part for part in path.parts):
            continue
        if path.suffix == ".mp4":
            with VideoReader(path, "all") as reader:
                assert len(list(reader)) == len(reader) > 0, path
        elif path.suffix == ".ckpt":
            assert torch.load(path, weights_only=True)["state_dict"], path
        elif path.suffix == ".png":
            assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED) is not None, path
        elif path.suffix == ".html":
            assert path.read_text().rstrip().endswith("</html>"), path
        elif path.suffix == ".json":
            assert json.loads(path.read_text()), path
        elif path.suffix == ".yaml":
            assert yaml.safe_load(path.read_text()), path


def results(folder: Path) -> dict[str, Any]:
    """The contents of the output files, without times."""
    return dict(_results(folder))


def _results(folder: Path) -> Iterator[tuple[str, Any]]:
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if ".partial" in name or ".interrupted." in name:
            continue
        if path.suffix in (".mp4", ".png"):
            yield name, path.read_bytes()
        elif path.suffix == ".json":
            yield name, without_times(json.loads(path.read_text()))
        elif path.suffix == ".ckpt":
            checkpoint = torch.load(path, weights_only=True)
            yield name, {key: checkpoint[key] for key in ("state_dict", "global_step")}


def without_times(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: without_times(value) for key, value in content.items() if key not in TIMES}
    return content


def survive(work: Work, folder: Path, whole: Path, seconds: float, kills: int, seed: int) -> int:
    """Kills the work `kills` times, at most 3 times per folder, and checks the final result."""
    rng, killed, number = random.Random(seed), 0, 0
    expected = results(whole)
    while killed < kills:
        number += 1
        attempt = folder / f"{number}"
        attempt.mkdir()
        kept: dict[Path, tuple[int, int]] = {}
        for _ in range(min(3, kills - killed)):
            killed += end(work, attempt, rng.uniform(0, seconds), rng)
            check_whole(attempt)
            for pattern in work.finished:
                files = state(attempt)
                kept |= {path: files[path] for path in files if path.match(pattern)}
        assert ended(start(work, attempt)) == 0, (attempt / "log").read_text()
        check_whole(attempt)
        now = state(attempt)
        assert {path: now[path] for path in kept} == kept
        final = results(attempt)
        assert final.keys() == expected.keys()
        assert [name for name in expected if not same(final[name], expected[name])] == []
        left = [path for path in attempt.rglob("*.partial*") if not path.match("*wandb*")]
        assert not left
    return killed


def end(work: Work, folder: Path, after: float, rng: random.Random) -> bool:
    """Starts the work and kills or terminates it after some seconds; False if it was finished."""
    process = start(work, folder)
    process.join(after)
    if process.exitcode is not None:
        assert process.exitcode == 0, (folder / "log").read_text()
        return False
    number = rng.choice([signal.SIGKILL, signal.SIGTERM])
    with (folder / "log").open("a") as log:
        log.write(f"\n--- {number.name} after {after:.2f} s\n")
    os.kill(process.pid, number)
    code = ended(process)
    if number == signal.SIGTERM and code not in (0, -number):  # before and after bdnet's handler
        assert code == 128 + number, (folder / "log").read_text()
        lines = (folder / "log").read_text().splitlines()
        assert any(line.startswith(f"bdnet {work.verb}: terminated") for line in lines[-3:]), lines
    return code != 0


def ended(process: ForkServerProcess) -> int | None:
    process.join(900)
    if process.is_alive():
        process.kill()
        pytest.fail("it did not end in 900 s")
    return process.exitcode


def run_whole(work: Work, folder: Path) -> float:
    """Does the work without interruption, and returns the seconds that it took."""
    begin = time.monotonic()
    assert ended(start(work, folder)) == 0, (folder / "log").read_text()
    return time.monotonic() - begin


def test_a_killed_training_ends_as_the_whole_one(bands: Path, tmp_path: Path):
    work = Work("train", [*training(bands), "steps=4"], ("runs/tiny/seed=0/metrics.json",))
    seconds = run_whole(work, tmp_path / "whole")
    assert survive(work, tmp_path, tmp_path / "whole", seconds, kills=2, seed=1) == 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "kind", ["train", "sweep", "encode", "streets", "predict", "network", "compare"]
)
def test_work_that_is_killed_again_and_again_ends_as_the_whole_one(
    kind: str, works: dict[str, Work], tmp_path: Path
):
    work = works[kind]
    seconds = run_whole(work, tmp_path / "whole")
    assert survive(work, tmp_path, tmp_path / "whole", seconds, kills=7, seed=2) == 7
