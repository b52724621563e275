"""On a full disk, the error names the file and a remedy, and no existing file is lost."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bdnet.codec import Encoding
from bdnet.codec.transcode import transcode
from bdnet.data.prepare import write_clip
from bdnet.data.streets import StreetParameters, render
from bdnet.errors import BdnetError
from bdnet.inference.graphs import files
from bdnet.reports.pictures.file import save
from bdnet.runs.run import Run
from bdnet.system.files import write_json
from bdnet.training.checkpoint_io import AtomicCheckpointIO
from processes import in_processes
from test_encode import jobs, write_images
from tiny_training import checkpoint, interrupt_at, run, settings
from trees import state


def limited(work: Callable[..., object], size: int, *arguments: object) -> str:
    """The error message of work during which no file may become larger than `size` bytes."""
    (message,) = in_processes(_limited, work, size, *arguments, count=1)
    return str(message)


def _limited(work: Callable[..., object], size: int, *arguments: object) -> str:
    null = os.open(os.devnull, os.O_WRONLY)  # the output may go to a file, which is limited too
    for descriptor in (1, 2):
        os.dup2(null, descriptor)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        return f"{work(*arguments)}"
    except BdnetError as error:
        return str(error)


def _export(folder: Path, kind: str) -> None:
    program = torch.export.export(torch.nn.Conv2d(3, 256, 3), (torch.zeros(1, 3, 8, 8),))
    ports = [SimpleNamespace(name=name) for name in ("image", "labels")]
    graph: Any = SimpleNamespace(program=program, name="key", inputs=ports[:1], outputs=ports[1:])
    with files.staged(folder) as partial:
        files.save([graph], partial, [kind])
        (partial / "graphs.json").write_text("second")


@pytest.mark.parametrize("kind", ["torch", "onnx"])
def test_an_export(kind: str, tmp_path: Path):
    (tmp_path / "graphs.json").write_text("first")
    message = limited(_export, 4000, tmp_path, kind)
    assert message.startswith(f"{tmp_path}: cannot be written ([Errno 27] File too large")
    assert {path.name for path in tmp_path.iterdir()} == {"graphs.json", ".lock"}
    assert (tmp_path / "graphs.json").read_text() == "first"


def test_numbers_and_pictures(tmp_path: Path):
    write_json(tmp_path / "metrics.json", {"miou": 0.5})
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    before = state(tmp_path)
    message = limited(write_json, 100, tmp_path / "metrics.json", {"miou": [0.5] * 100})
    assert message.startswith(
        f"{tmp_path}/metrics.json: cannot be written ([Errno 27] File too large"
    )
    assert message.endswith("free space on its disk, or name another path")
    assert f"{tmp_path}/0.png: cannot be written (File" in limited(
        save, 100, noise, tmp_path / "0.png"
    )
    assert state(tmp_path) == before


def test_a_checkpoint(tmp_path: Path):
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"state_dict": {}, "global_step": 3}, path)
    before = path.read_bytes()
    message = limited(
        AtomicCheckpointIO().save_checkpoint, 4000, {"state_dict": {"a": "b" * 9000}}, path
    )
    assert message.startswith(f"{path}: cannot be written ([Errno 27] File too large")
    assert message.endswith("start again: training resumes from the previous checkpoint")
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]
    assert path.read_bytes() == before


def test_a_video(tmp_path: Path):
    write_images(tmp_path / "in/a", count=8, size=(240, 320))
    (job,) = jobs(str(tmp_path / "in/a"), tmp_path / "out.mp4")
    message = limited(transcode, 3000, job)
    assert (
        "out.mp4: cannot be written after 8 frames (File too large); check the disk's free"
        in message
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    ("size", "file"), [(20, "labels/.clip.partial/000000.png"), (900, "videos/clip.mp4")]
)
def test_a_clip_of_a_data_set(size: int, file: str, tmp_path: Path):
    pictures = list(render(StreetParameters(64, 96, 2), 0))
    message = limited(write_clip, size, tmp_path, "clip", pictures, Encoding(crf=1))
    assert f"{tmp_path}/{file}: cannot be written" in message
    assert "File too large" in message
    assert not list(tmp_path.rglob("*.mp4"))
    write_clip(tmp_path, "clip", pictures, Encoding())
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        *("000000.png", "000001.png", "clip.mp4"),
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_training_whose_disk_is_full_goes_on_when_there_is_space(
    bands: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
):
    given = [*settings(bands, small_disk), "steps=3"]
    interrupt_at(monkeypatch, 2, *given)
    folder = Run(small_disk / "tiny/seed=0").folder
    (small_disk / "else").write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4096 - 8192))
    with pytest.raises(BdnetError, match=r"\.ckpt: cannot be written \(\[Errno 28\] No space"):
        run(*given)
    assert checkpoint(folder)["global_step"] == 2
    assert not list(folder.glob("*partial*"))
    (small_disk / "else").unlink()
    run(*given)
    assert checkpoint(folder)["global_step"] == 3
