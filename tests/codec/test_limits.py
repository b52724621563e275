"""Pictures beyond the limit are refused by their headers."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from bdnet.codec import UnsupportedStream, VideoReader, describe
from bdnet.codec.finding import find_sources
from bdnet.codec.limits import KEY, PIXELS, most_pixels
from bdnet.codec.sources import read_rgb
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.labels import read_label
from command import command

CLASSES = Classes(("road", "car"), ((128, 64, 128), (0, 0, 142)))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    assert cv2.imwrite(str(tmp_path / "0.png"), np.zeros((64, 96), np.uint8))
    return tmp_path / "0.png"


def test_large_videos_are_refused_unless_they_are_allowed(make_video, monkeypatch):
    video = make_video(size=(64, 96), frames=3)
    monkeypatch.setenv(KEY, str(64 * 96))
    assert len(list(VideoReader(video, "all"))) == 3
    monkeypatch.setenv(KEY, str(64 * 96 - 1))
    for use in (VideoReader, describe, lambda path: list(find_sources(str(path))[0].pictures([]))):
        with pytest.raises(UnsupportedStream, match=f"64x96 .*{KEY}"):
            use(video)


def test_large_images_and_labels_are_refused_before_they_are_decoded(image: Path, monkeypatch):
    assert read_rgb(image).shape == (64, 96, 3)
    assert read_label(image, CLASSES).shape == (64, 96)
    monkeypatch.setenv(KEY, "6143")
    monkeypatch.setattr(cv2, "imread", lambda *_: pytest.fail("decoded"))
    with pytest.raises(UnsupportedStream, match=f"64x96 .*{KEY}"):
        read_rgb(image)
    with pytest.raises(BadData, match=f"64x96 .*{KEY}"):
        read_label(image, CLASSES)


def test_a_limit_is_a_number(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)
    assert most_pixels() == PIXELS > 7680 * 4320
    monkeypatch.setenv(KEY, "much")
    with pytest.raises(UnsupportedStream, match=f"{KEY}=much"):
        most_pixels()


def test_pipes_in_the_place_of_labels_are_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(BadData, match=r"a\.mp4: no file"):
        read_label(tmp_path / "a.mp4", CLASSES)


def test_commands_have_a_key_for_it(make_video, tmp_path, monkeypatch):
    monkeypatch.setenv(KEY, "100")
    video = make_video(size=(64, 96), frames=3)
    refused = command("probe", f"video={video}", folder=tmp_path)
    assert refused.returncode == 1
    assert "max_pixels=N" in refused.stderr
    given = (f"input={video}", "output=out.mp4", f"max_pixels={64 * 96}")
    allowed = command("encode", *given, folder=tmp_path)
    assert allowed.returncode == 0, allowed.stderr
    assert os.environ[KEY] == "100"
