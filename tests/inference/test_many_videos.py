"""Shards of many files: `-m shards=3 shard=0,1,2` of predict, compare and encode."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from bdnet.errors import BdnetError
from bdnet.inference import prediction
from bdnet.system.shards import Shard, exclusive_shard, shard_of
from command import command
from trees import state
from videos import Pan

SHARDS = ["-m", "shards=3", "shard=0,1,2"]


def results(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without what is hidden and the summary, which has seconds."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
        and path.name != "summary.json"
    }  # fmt: skip


def summary(folder: Path) -> dict:
    """summary.json without seconds and the folder's own name."""
    text = (folder / "summary.json").read_text().replace(f"{folder.name}/", "OUT/")
    content = json.loads(text)
    for report in content["videos"].values():
        report.pop("seconds", None)
        report.pop("frames_per_second", None)
    return content


def write_videos(folder: Path, make_video: Callable[..., Path], count: int) -> None:
    video = make_video(scene=Pan((1.5, -1.0)), size=(80, 112), frames=4)
    for number in range(count):
        path = folder / f"in/drive{number % 2}/{number}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video, path)


def test_shards_share_all_items():
    items = [*range(10)]
    parts = [Shard(number, 3).of(items) for number in range(3)]
    assert parts == [[0, 3, 6, 9], [1, 4, 7], [2, 5, 8]]
    assert shard_of(None, 1).of(items) == shard_of(0, 1).of(items) == items
    for number, count in ((None, 3), (3, 3), (1, 1)):
        with pytest.raises(BdnetError, match=f"shards={count}"):
            shard_of(number, count)


def test_shards_that_overlap_do_not_work_at_once(tmp_path: Path):
    with exclusive_shard(tmp_path, Shard(0, 3)), exclusive_shard(tmp_path, Shard(1, 3)):
        for other in (Shard(), Shard(0, 2), Shard(0, 3)):
            with (
                pytest.raises(BdnetError, match="another process"),
                exclusive_shard(tmp_path, other),
            ):
                pass
    with (
        exclusive_shard(tmp_path, Shard()),
        pytest.raises(BdnetError, match="another process"),
        exclusive_shard(tmp_path, Shard(0, 3)),
    ):
        pass


def test_a_shard_that_ends_early_goes_on_and_all_equal_one_process(
    trained: Path, make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_videos(tmp_path, make_video, 7)
    (tmp_path / "in/broken.mp4").write_bytes(b"not a video")
    arguments = [f"run={trained}", "video=in", "labels=true", "device=cpu"]
    predict, ended = prediction._predict, []

    def ending(video: str, *rest: object) -> None:
        if "1/3" in video and not ended:
            ended.append(video)
            raise RuntimeError("no error of the user")
        predict(video, *rest)

    monkeypatch.setattr(prediction, "_predict", ending)
    first = command("predict", *arguments, "output=sharded", *SHARDS, folder=tmp_path)
    assert first.returncode == 1
    assert "no error of the user" in first.stderr
    done = summary(tmp_path / "sharded")
    assert (done["is_complete"], len(ended)) == (False, 1)
    assert 3 < len(done["videos"]) < 7
    films = state(tmp_path / "sharded/drive0")

    again = command("predict", *arguments, "output=sharded", *SHARDS, folder=tmp_path)
    assert "broken.mp4" in again.stderr
    assert state(tmp_path / "sharded/drive0") == films
    command("predict", *arguments, "output=alone", folder=tmp_path)
    assert summary(tmp_path / "sharded") == summary(tmp_path / "alone")
    assert results(tmp_path / "sharded") == results(tmp_path / "alone")

    (tmp_path / "in/broken.mp4").unlink()
    third = command("predict", *arguments, "output=sharded", folder=tmp_path)
    assert third.returncode == 0, third.stderr
    assert third.stdout.count("done already") == 7
    assert summary(tmp_path / "sharded")["failed"] == {}


def test_comparisons_of_many_videos_become_one_table(trained: Path, make_video, tmp_path: Path):
    write_videos(tmp_path, make_video, 4)
    arguments = [f"network=run:{trained}", "video=in", "interval=2"]
    shards = command("compare", *arguments, "output=sharded", *SHARDS, folder=tmp_path)
    assert shards.returncode == 0, shards.stderr
    alone = command("compare", *arguments, "output=alone", folder=tmp_path)
    assert summary(tmp_path / "sharded") == summary(tmp_path / "alone")
    assert len(list((tmp_path / "sharded").rglob("*.html"))) == 4
    last = alone.stdout.splitlines()[-3].split()
    assert last[:3] == ["all", "4", "16"]
    one = command("compare", *arguments[:1], "video=in/drive0/0.mp4", "interval=2", folder=tmp_path)
    agreement = re.search(r"mIoU (\S+),", one.stdout)
    assert agreement is not None
    assert float(last[3]) == pytest.approx(float(agreement[1]), abs=0.02)
    film = command("compare", *arguments, "film=both.mp4", folder=tmp_path)
    assert film.returncode == 1
    assert "film=both.mp4" in film.stderr


def test_shards_of_encode_make_every_file_once(make_video, tmp_path: Path):
    write_videos(tmp_path, make_video, 4)
    for number, count in enumerate((2, 1, 1)):
        part = command(
            "encode", "input=in", "output=out", "shards=3", f"shard={number}", "processes=1",
            folder=tmp_path,
        )  # fmt: skip
        assert f"{count} done, 0 skipped" in part.stdout
    every = command("encode", "input=in", "output=out", *SHARDS, folder=tmp_path)
    assert every.stdout.count("0 done") == 3
    assert len(list(tmp_path.glob("out/*/*.mp4"))) == 4
    wrong = command("encode", "input=in", "output=out", "shards=3", folder=tmp_path)
    assert wrong.returncode == 1
    assert "shard=0,1,2" in wrong.stderr


@pytest.mark.slow
@pytest.mark.skipif(find_spec("submitit") is None, reason="needs pip install 'bdnet[slurm]'")
def test_forty_files_over_three_workers_of_which_one_is_killed(
    trained: Path, make_video, tmp_path: Path
):
    write_videos(tmp_path, make_video, 40)
    arguments = [f"run={trained}", "video=in", "labels=true", "device=cpu", "threads=1"]
    launched = [sys.executable, "-m", "bdnet.predict", *arguments, "output=sharded", *SHARDS,
                "hydra/launcher=submitit_local", "hydra.launcher.timeout_min=10"]  # fmt: skip
    first = subprocess.Popen(launched, cwd=tmp_path, text=True, stderr=subprocess.PIPE)
    victim = worker_of(tmp_path / "sharded/.shards/1-of-3")
    os.kill(victim, signal.SIGKILL)
    _, said = first.communicate(timeout=600)
    assert first.returncode == 1, said
    assert "bdnet predict: the process of a job was ended" in said
    assert "Traceback" not in said
    wait_for(lambda: len(summary(tmp_path / "sharded")["videos"]) >= 27)  # others' shards are whole
    assert not summary(tmp_path / "sharded")["is_complete"]

    for _ in range(3):  # submitit may lose a job at its start: see LOST in test_launcher.py
        again = subprocess.run(launched, cwd=tmp_path, capture_output=True, text=True, check=False)
        if again.returncode == 0:
            break
    assert again.returncode == 0, again.stderr
    alone = command("predict", *arguments, "output=alone", folder=tmp_path)
    assert alone.returncode == 0, alone.stderr
    assert summary(tmp_path / "sharded") == summary(tmp_path / "alone")
    assert len(summary(tmp_path / "alone")["videos"]) == 40
    assert results(tmp_path / "sharded") == results(tmp_path / "alone")


def worker_of(folder: Path) -> int:
    """The process that works in a shard's folder, once it has finished a video."""
    wait_for((folder / "summary.json").exists)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = [str(link.readlink()) for link in (process / "fd").iterdir()]
        except OSError:
            continue
        if str(folder / ".lock") in opened:
            return int(process.name)
    raise AssertionError(f"no process works in {folder}")


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
