"""`target=motion`: labels moved along the motion of every source and way."""

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from bdnet.benchmarks.acceleration.sources import Network
from bdnet.codec import VideoReader
from command import command
from videos import Pan

run = partial(command, "benchmark")


def test_every_source_is_measured_in_every_way(bands: Path, tmp_path: Path):
    options = [
        "target=motion", "data=folder", f"data.dataset.root={bands}", "target.distances=[1,2]",
        "target.ways=[stream,default,fast,mpeg4,dis]", "repeats=1", "~target.sources.AV1",
        "~target.sources.VP9",
    ]  # fmt: skip
    answer = run(*options, folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    rows = json.loads((tmp_path / "benchmark/motion.json").read_text())["motions"]
    ways = {(row["source"], row["way"]) for row in rows}
    assert ("clean", "the stream's own vectors") in ways
    assert ("HEVC", "the stream's own vectors") not in ways  # its decoder exports none
    assert ("HEVC", "searched") in ways
    for row in rows:
        assert row["miou"].keys() == {"1", "2"}
        assert all(math.isnan(value) or 0 <= value <= 1 for value in row["miou"].values())
        assert min(row["rates"]) > 0


def test_a_network_is_scored_on_keyframes(make_video: Callable[..., Path]):
    def scores(image: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(cv2.GaussianBlur(image, (0, 0), 3).transpose(2, 0, 1)) / 16.0

    video = make_video(scene=Pan((3, 1)), frames=8)
    frames = VideoReader(video, "all")
    truth = {frame.index: scores(frame.image).argmax(0).astype(np.uint8) for frame in frames}
    options = {"memory": 0}
    every = Network(scores, 1, 3, options).mious({video: truth}, 3, "search", "default")
    assert every == (1.0,)
    fourth = Network(scores, 4, 3, options).mious({video: truth}, 3, "search", "default")
    assert len(fourth) == 3
    assert all(0.5 < miou < 1 for miou in fourth)


def test_searches_are_timed_beside_decoding(tmp_path: Path):
    options = [
        "target=search", "target.height=64", "target.width=128", "target.frames=12",
        "target.interval=6", "target.ways=[stream,default,fast,mpeg4,dis]", "repeats=2",
    ]  # fmt: skip
    answer = run(*options, folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    rates = json.loads((tmp_path / "benchmark/search.json").read_text())["rates"]
    assert len(rates) == 6
    assert all(len(values) == 2 and min(values) > 0 for values in rates.values())
