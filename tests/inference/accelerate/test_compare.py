"""An accelerated network beside itself on every frame."""

import re
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from segmenters import CLASSES, of_tensors, onnx_file

from bdnet.codec import VideoReader
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.accelerate import accelerate
from bdnet.inference.accelerate.page import MOST
from bdnet.reports.pictures.overlay import KEY
from command import command
from processes import in_processes
from videos import Pan

SIZE = (80, 112)
FRAMES = 14


@pytest.fixture(scope="module")
def video(make_video) -> Path:
    return make_video(scene=Pan((1.7, -0.8)), size=SIZE, frames=FRAMES)


def test_it_counts_what_a_loop_counts(video: Path) -> None:
    model = of_tensors().model
    fast = accelerate(model, 5)
    comparison = fast.compare(video)
    own = [frame.labels for frame in accelerate(model, 1, memory=0).video(video)]
    labels = [frame.labels for frame in fast.video(video)]
    same = np.mean([mine == theirs for mine, theirs in zip(own, labels, strict=True)])
    assert comparison.agreement["pixels"] == pytest.approx(100 * same, abs=0.01)
    assert comparison.summary.loc["calls"].tolist() == [FRAMES, 4]
    changed = [np.mean(after != before) for before, after in pairwise(own)]
    flicker = comparison.summary.loc["changing pixels %", "every frame"]
    assert flicker == pytest.approx(100 * np.mean(changed), abs=0.01)
    assert comparison.by_distance["frames"].tolist() == [4, 4, 2, 2, 2]
    assert comparison.by_distance["agreement mIoU"].is_monotonic_decreasing
    assert len(comparison.by_class) == CLASSES
    for text in ("14 frames of 80x112", "agreement mIoU", "class 3"):
        assert text in str(comparison)


def test_without_memory_and_interval_they_are_the_same(video: Path) -> None:
    comparison = accelerate(of_tensors().model, 1, memory=0).compare(video, frames=3)
    assert comparison.frames == 3
    assert comparison.agreement == {"mIoU": 100, "pixels": 100, "outlines": 100}


def test_with_labels_both_are_scored(video: Path, tmp_path: Path) -> None:
    """Of some frames: the network's own labels, so that it is right on all of them."""
    model = of_tensors().model
    for frame in accelerate(model, 1, memory=0).video(video):
        if frame.index != 6:
            cv2.imwrite(str(tmp_path / f"{frame.index:06d}.png"), frame.labels)
    comparison = accelerate(model, 5).compare(video, labels=tmp_path)
    scores = comparison.summary.loc["mIoU"]
    assert scores["every frame"] == 100
    assert 20 < scores["accelerated"] < 100
    assert comparison.by_distance["mIoU, accelerated"].is_monotonic_decreasing
    assert comparison.by_class["accelerated IoU"].between(0, 100).all()
    with pytest.raises(BdnetError, match="absent"):
        accelerate(model).compare(video, labels=tmp_path / "absent")
    cv2.imwrite(str(tmp_path / "000000.png"), np.zeros((5, 5), np.uint8))
    with pytest.raises(BdnetError, match="frame 0 is 5x5"):
        accelerate(model).compare(video, labels=tmp_path)


def test_the_page_needs_nothing_else(make_video, tmp_path: Path) -> None:
    video = make_video(scene=Pan((1.7, -0.8)), size=SIZE, frames=MOST + 10)
    comparison = accelerate(of_tensors().model, 20).compare(video)
    text = comparison.html(tmp_path / "page.html").read_text()
    assert not re.search(r"(src|href)=.?https?:|@import|url\(", text)
    shown = len(comparison.pictures.shown)
    assert MOST // 2 <= shown <= MOST
    assert text.count("data:image/png") == 2 * shown
    assert text.count("data:image/jpeg") == 2 * shown
    assert "<svg" in text
    assert f'max="{shown - 1}"' in text


def test_labels_of_several_classes_at_once_are_not_compared(video: Path) -> None:
    model = of_tensors().model
    with pytest.raises(BdnetError, match="independent"):
        accelerate(model, multilabel=True).compare(video)


def test_names_of_files_and_classes_are_text_in_the_page(video: Path, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    path = tmp_path / f"{hostile.replace('/', '')}.mp4"
    path.write_bytes(video.read_bytes())
    fast = accelerate(of_tensors().model, 5)
    fast.network.classes = Classes(
        (hostile, *map(str, range(1, CLASSES))), tuple((number, 0, 0) for number in range(CLASSES))
    )
    text = fast.compare(path, frames=3).html(tmp_path / "page.html").read_text()
    assert "alert(1)" in text
    assert not re.search(r"<script>alert", text)


def _write_pages(path: Path, video: Path) -> None:
    comparison = accelerate(of_tensors().model, 5).compare(video, frames=3)
    for _ in range(20):
        comparison.html(path)


def test_two_processes_may_write_one_page(video: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    in_processes(_write_pages, path, video)
    assert path.read_text().rstrip().endswith("</html>")
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


def test_the_command_prints_and_writes_a_page(video: Path, tmp_path: Path) -> None:
    path = onnx_file().model
    answer = command(
        "compare", f"network=onnx:{path}", f"video={video}", "interval=4", "frames=9", "memory=0",
        folder=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "9 frames of 80x112" in answer.stdout
    assert "calls" in answer.stdout
    assert (tmp_path / "compare.html").is_file()
    wrong = command("compare", "network=resnet", f"video={video}", folder=tmp_path)
    assert wrong.returncode == 1
    assert "network=resnet" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_film_shows_both_side_by_side(video: Path, tmp_path: Path) -> None:
    film = tmp_path / "films/both.mp4"
    accelerate(of_tensors().model, 4).compare(video, frames=6, film=film)
    with VideoReader(film, "all", strict=False) as reader:
        frames = list(reader)
    assert len(frames) == 6
    image = frames[0].image
    assert image is not None
    assert not any(side % 2 for side in image.shape[:2])
    assert image.shape[1] > 2 * 2 * 112  # two enlarged pictures
    # both are keyframes with a border first, then only the network on every frame is
    middle = image.shape[1] // 2
    borders = [picture.image[60, [1, middle + 3]].astype(int) for picture in frames[:2]]
    is_key = [[abs(pixel - KEY).max() < 60 for pixel in border] for border in borders]
    assert is_key == [[True, True], [True, False]]
