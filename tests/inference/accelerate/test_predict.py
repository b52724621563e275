"""`bdnet predict network=...`: any network's labels of videos as films and images."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from segmenters import CLASSES, onnx_file, program

from bdnet.codec import VideoReader
from bdnet.data.classes import Classes
from bdnet.inference.accelerate import accelerate
from bdnet.inference.accelerate.streams import Stream
from bdnet.predict import main
from command import command
from videos import Pan

SIZE = (80, 112)


@pytest.fixture(scope="module")
def video(make_video) -> Path:
    return make_video(scene=Pan((1.7, -0.8)), size=SIZE, frames=14)


def test_a_network_from_elsewhere_labels_videos(video: Path, tmp_path: Path) -> None:
    path = onnx_file().model
    answer = command(
        "predict", f"network={path}", f"video={video}", "output=out", "interval=4", "labels=true",
        "frames=9", folder=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    out = tmp_path / "out"
    assert len(Classes.read(out / "classes.yaml")) == CLASSES
    summary = json.loads((out / "summary.json").read_text())
    assert summary["network"] == str(path)
    assert summary["keyframes"] == "every 4"
    assert summary["videos"][str(video)]["keyframes"] == 3
    with VideoReader(out / f"{video.stem}.overlay.mp4", strict=False) as film:
        assert len(film) == 9
    for frame in accelerate(path, 4).video(video):
        if frame.index < 9:
            written = cv2.imread(str(out / f"{video.stem}.labels/{frame.index:06d}.png"), -1)
            assert np.array_equal(written, frame.labels)


def test_a_live_video_has_a_latency(video: Path, tmp_path: Path) -> None:
    arguments = f"network={onnx_file().model}", f"video={video}", "output=out", "live=true"
    answer = command("predict", *arguments, folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    (report,) = json.loads((tmp_path / "out/summary.json").read_text())["videos"].values()
    assert report["latency_seconds"].keys() == {"frames", "p50", "p99", "maximum"}
    assert report["latency_seconds"]["frames"] == report["frames"] == 14


def test_a_broken_video_stops_no_other(video: Path, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "a.mp4").write_bytes(b"nothing")
    (videos / "b.mp4").write_bytes(video.read_bytes())
    path = program().model
    answer = command(
        "predict", f"network={path}", "video=videos", "output=out", "trust=true", folder=tmp_path
    )
    assert answer.returncode == 1
    assert "a.mp4" in answer.stderr
    assert (tmp_path / "out/b.overlay.mp4").is_file()


def test_after_an_interrupt_the_result_is_that_of_a_command_without_one(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The complete video is kept, and the other one is labelled from its first frame again."""
    (tmp_path / "videos").mkdir()
    for name in "ab":
        (tmp_path / f"videos/{name}.mp4").write_bytes(video.read_bytes())
    path, take, read = onnx_file().model, Stream.label, []
    monkeypatch.chdir(tmp_path)

    def predict(output: str, last: int | None = None) -> int | str | None:
        read.clear()

        def label(*arguments: Any) -> Any:
            read.append(1)
            if len(read) == last:
                raise KeyboardInterrupt
            return take(*arguments)

        monkeypatch.setattr(Stream, "label", label)
        arguments = [f"network={path}", "video=videos", f"output={output}", "interval=4"]
        monkeypatch.setattr(sys, "argv", ["predict", *arguments, "labels=true", "overlay=false"])
        try:
            main()
        except SystemExit as end:
            return end.code
        return None

    assert predict("out", last=23) == 128 + signal.SIGINT
    assert len(list(Path("out/b.interrupted.labels").iterdir())) == 7  # one frame for the classes
    assert predict("out") is None
    assert len(read) == 15
    assert predict("whole") is None
    assert len(read) == 29
    for name in "ab":
        labels = [sorted(Path(f"{out}/{name}.labels").iterdir()) for out in ("out", "whole")]
        for resumed, expected in zip(*labels, strict=True):
            assert resumed.read_bytes() == expected.read_bytes()
    assert not Path("out/b.interrupted.labels").exists()
    assert predict("out") is None
    assert len(read) == 1  # a complete command has nothing to do


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "run="),
        (["run=a", "network=b"], "run="),
        (["run=a", "live=true"], "live=true"),
        (["network=resnet"], "network=resnet"),
        (["network=absent.onnx"], "absent.onnx"),
        (["network=absent.onnx", "quality=good"], "quality=good"),
        (["network=absent.onnx", "interval=0"], "interval=0"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(arguments, match, video: Path, tmp_path: Path) -> None:
    answer = command("predict", f"video={video}", "output=out", *arguments, folder=tmp_path)
    assert answer.returncode == 1
    assert match in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
