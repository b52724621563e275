"""Making a data set's files: once, resumable, by one process at a time."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from bdnet.codec import Encoding, VideoReader, describe
from bdnet.codec.sources import Source
from bdnet.codec.transcode import TranscodeJob
from bdnet.data.base import labelled_frames
from bdnet.data.errors import BadData
from bdnet.data.prepare import LONG_WORK, encode_all, run_all, write_clip
from bdnet.data.streets import StreetParameters, render
from bdnet.data.streets.dataset import Streets
from trees import picture, write

PROGRAM = """
from bdnet.codec import Encoding
from bdnet.data.streets import StreetParameters
from bdnet.data.streets.dataset import Streets
if __name__ == "__main__":
    Streets("cache", {"train": 5, "val": 2, "test": 1}, StreetParameters(64, 96, 6),
            Encoding(interval=6), processes=1).prepare()
"""


def start(folder: Path) -> subprocess.Popen:
    (folder / "make.py").write_text(PROGRAM)
    with (folder / "log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "make.py"], cwd=folder, start_new_session=True, stderr=log
        )


def made(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {
        path.relative_to(folder): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.glob("cache/*/*/*/**/*")
        if path.is_file() and ".partial" not in str(path)
    }


def test_streets_are_rendered_encoded_and_labelled(small_streets: Streets):
    info = describe(small_streets.folder / "train/videos/00002.mp4")
    assert (info.frames, info.height, info.width, info.clean) == (8, 64, 96, True)
    assert info.keyframes == (0,)
    assert list(labelled_frames(small_streets.folder / "train/labels/00002")) == list(range(8))
    assert [len(small_streets.samples(split)) for split in ("train", "val", "test")] == [24, 16, 8]


def test_streets_hold_the_rendered_pictures(small_streets: Streets):
    frames = list(render(small_streets.parameters, (0, 1, 1)))
    with VideoReader(small_streets.folder / "val/videos/00001.mp4", "all") as reader:
        for frame, (image, label) in zip(reader, frames, strict=True):
            assert np.abs(frame.image.astype(int) - image).mean() < 6  # what crf 18 loses
            path = small_streets.folder / f"val/labels/00001/{frame.index:06d}.png"
            assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), label)


def test_a_changed_parameter_makes_another_cache_and_more_clips_do_not(small_streets: Streets):
    parameters = replace(small_streets.parameters, density=0.5)
    others = [
        replace(small_streets, parameters=parameters),
        replace(small_streets, encoding=Encoding(interval=8, crf=19)),
        replace(small_streets, world=1),
    ]
    assert len({dataset.folder for dataset in [small_streets, *others]}) == 4
    more = replace(small_streets, clips={"train": 9, "val": 2, "test": 1})
    assert more.folder == small_streets.folder
    fewer = replace(small_streets, clips={"train": 1, "val": 1, "test": 1})
    assert len(fewer.samples("train")) == 8


def test_wrong_clips_are_refused(small_streets: Streets):
    with pytest.raises(BadData, match=r"clips=\{'train': 1\}: give a number"):
        replace(small_streets, clips={"train": 1})


def test_a_killed_preparation_goes_on_and_ends_the_same(tmp_path: Path):
    (tmp_path / "whole").mkdir()
    assert start(tmp_path / "whole").wait() == 0
    (tmp_path / "killed").mkdir()
    victim = start(tmp_path / "killed")
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("killed/cache/*/*/videos/0*"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    before = made(tmp_path / "killed")
    assert start(tmp_path / "killed").wait() == 0
    after = made(tmp_path / "killed")
    videos = {path for path in before if path.suffix == ".mp4" and not path.name.startswith(".")}
    assert 2 <= len(videos) < 8
    assert all(after[path] == before[path] for path in videos)  # nothing was done again
    expected = {path: content for path, (_, content) in made(tmp_path / "whole").items()}
    assert {path: content for path, (_, content) in after.items()} == expected


def test_two_processes_that_start_together_do_not_disturb_each_other(tmp_path: Path):
    pair = [start(tmp_path), start(tmp_path)]
    assert [process.wait() for process in pair] == [0, 0], (tmp_path / "log").read_text()
    videos = list(tmp_path.glob("cache/*/*/videos/*.mp4"))
    assert len(videos) == 8
    assert all(len(list(VideoReader(video))) == 6 for video in videos)
    assert not list(tmp_path.rglob("*partial*"))


def test_an_interrupted_clip_leaves_no_video(tmp_path: Path):
    def pictures():
        yield from list(render(StreetParameters(64, 96, 2), 0))
        raise RuntimeError("the renderer broke")

    with pytest.raises(RuntimeError, match="broke"):
        write_clip(tmp_path, "clip", pictures(), Encoding())
    assert not list(tmp_path.glob("videos/*"))
    write_clip(tmp_path, "clip", render(StreetParameters(64, 96, 2), 0), Encoding())
    assert len(list(VideoReader(tmp_path / "videos/clip.mp4"))) == 2
    assert sorted(path.name for path in tmp_path.glob("labels/*")) == ["clip"]


def test_much_work_says_what_it_takes_and_stops_where_it_does_not_fit(tmp_path: Path, monkeypatch):
    images = tuple(write(tmp_path / f"{n}.png", picture(n)) for n in range(3))
    jobs = [
        TranscodeJob(Source(Path("a"), images, False), tmp_path / f"out/{n}.mp4", Encoding())
        for n in range(LONG_WORK)
    ]
    nothing_free = shutil.disk_usage(tmp_path)._replace(free=0)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: nothing_free)
        with pytest.raises(BadData, match=f"{LONG_WORK - 1} videos take about .* GB"):
            encode_all(jobs, processes=1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["0.mp4"]
    encode_all(jobs, processes=1)
    assert len(list((tmp_path / "out").iterdir())) == LONG_WORK


def test_an_error_in_one_job_is_the_error_of_all():
    with pytest.raises(ZeroDivisionError):
        run_all(divide, [1, 0, 2], "divide", "number", processes=1)


def divide(number: int) -> float:
    return 1 / number
