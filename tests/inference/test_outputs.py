"""Films and label images: whole under their names, interrupted under another, or not at all."""

import os
import signal
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from bdnet.codec import VideoReader
from bdnet.data.classes import Classes
from bdnet.inference.outputs import LabelImages, Output, OverlayFilm, uninterrupted
from bdnet.system.files import partial_path
from bdnet.system.interruption import Terminated, sigterm_raises
from bdnet.types import Frame, Seconds, Segmentation

CLASSES = Classes(("road", "car"), ((128, 64, 128), (0, 0, 142)))


def segmented(index: int, size: tuple[int, int] = (61, 99)) -> Segmentation:
    """A frame as grey as its number, of class 1 in as many columns."""
    labels = np.zeros(size, np.uint8)
    labels[:, :index] = 1
    image = np.full((*size, 3), 20 * index, np.uint8)
    frame = Frame(index, index / 25, index == 0, image, None, None)
    return Segmentation(frame, labels, index == 0, index, Seconds(0.0, 0.0))


def outputs(folder: Path) -> list[Output]:
    return [OverlayFilm(folder / "drive", 30000 / 1001, CLASSES), LabelImages(folder / "drive")]


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_film_has_every_frame_and_the_rate(tmp_path: Path):
    film, labels = outputs(tmp_path)
    with film, labels:
        for index in range(7):
            film.write(segmented(index))
            labels.write(segmented(index))
    assert names(tmp_path) == [
        *(f"drive.labels/{index:06d}.png" for index in range(7)),
        "drive.overlay.mp4",
    ]
    assert [film.result, labels.result] == [
        tmp_path / "drive.overlay.mp4", tmp_path / "drive.labels",
    ]  # fmt: skip
    with VideoReader(film.result, "all") as reader:
        assert reader.fps == pytest.approx(30000 / 1001)
        frames = list(reader)
    assert len(frames) == 7
    assert frames[0].image.shape[0] % 2 == frames[0].image.shape[1] % 2 == 0
    grey = [frame.image[150, 450].astype(int).mean() for frame in frames]
    assert np.all(np.diff(grey) > 5)
    for index in range(7):
        path = tmp_path / f"drive.labels/{index:06d}.png"
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(stored, segmented(index).labels)


@pytest.mark.parametrize("fps", [0.0, 90_000.0])  # of streams that say none, or their clock's
def test_a_film_has_a_rate_where_its_video_has_none(tmp_path: Path, fps: float):
    with OverlayFilm(tmp_path / "drive", fps, CLASSES) as film:
        film.write(segmented(0))
    with VideoReader(film.path) as reader:
        assert reader.fps == 25


def test_a_lost_frame_is_the_one_before_so_that_the_film_keeps_time(tmp_path: Path):
    film, labels = outputs(tmp_path)
    with film, labels:
        for index in (0, 1, 4, 5):
            film.write(segmented(index))
            labels.write(segmented(index))
    with VideoReader(film.result, "all") as reader:
        grey = [frame.image[150, 450].astype(int).mean() for frame in reader]
    assert len(grey) == 6
    assert max(grey[1:4]) - min(grey[1:4]) < 3
    assert grey[4] > grey[3] + 10
    numbers = [path.name for path in sorted(labels.result.iterdir())]
    assert numbers == [f"{index:06d}.png" for index in (0, 1, 4, 5)]


def test_an_interrupt_keeps_what_there_is_under_another_name(tmp_path: Path):
    for output in outputs(tmp_path):
        with pytest.raises(KeyboardInterrupt), output:
            for index in range(5):
                if index == 3:
                    raise KeyboardInterrupt
                output.write(segmented(index))
    assert names(tmp_path) == [
        *(f"drive.interrupted.labels/{index:06d}.png" for index in range(3)),
        "drive.interrupted.overlay.mp4",
    ]
    assert len(VideoReader(tmp_path / "drive.interrupted.overlay.mp4")) == 3
    for output in outputs(tmp_path):
        with output:
            output.write(segmented(0))
    assert names(tmp_path) == ["drive.labels/000000.png", "drive.overlay.mp4"]


@pytest.mark.parametrize(("error", "frames"), [(KeyboardInterrupt, 0), (ValueError, 2)])
def test_nothing_done_or_an_error_leaves_nothing(tmp_path: Path, error, frames: int):
    for output in outputs(tmp_path):
        with pytest.raises(error), output:
            for index in range(frames):
                output.write(segmented(index))
            raise error
        assert output.result is None
    assert names(tmp_path) == []


def test_results_of_before_are_replaced_whole(tmp_path: Path):
    for count in (5, 2):
        film, labels = outputs(tmp_path)
        with film, labels:
            for index in range(count):
                film.write(segmented(index))
                labels.write(segmented(index))
    assert len(VideoReader(film.result)) == 2
    assert len(list(labels.result.iterdir())) == 2
    with pytest.raises(ValueError, match="stop"), labels:
        labels.write(segmented(9))
        raise ValueError("stop")
    assert len(list(labels.path.iterdir())) == 2


def test_unfinished_labels_belong_to_their_process(tmp_path: Path):
    path = tmp_path / "drive.labels"
    others = {process: partial_path(path, process) for process in (os.getppid(), 2**22 + 1)}
    for folder in others.values():
        folder.mkdir()
        (folder / "000000.png").touch()
    with LabelImages(tmp_path / "drive") as labels:
        labels.write(segmented(0))
    living, ended = others.values()
    assert names(living) == ["000000.png"]
    assert not ended.exists()
    assert len(list(path.iterdir())) == 1


def test_a_film_needs_pixels(tmp_path: Path):
    frame = segmented(0)
    with pytest.raises(ValueError, match="frame 0"):
        with OverlayFilm(tmp_path / "drive", 25, CLASSES) as film:
            film.write(frame._replace(frame=frame.frame._replace(image=None)))


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_an_interrupt_waits_for_the_end_of_the_block(number: int, kind: type[BaseException]):
    done = []
    with sigterm_raises():
        with pytest.raises(kind):
            with uninterrupted():
                os.kill(os.getpid(), number)
                done.append("the rest")
            done.append("what follows")
        assert done == ["the rest"]
        with pytest.raises(kind):
            os.kill(os.getpid(), number)
            threading.Event().wait(1)


def test_blocks_in_other_threads_are_just_run():
    done = []

    def work():
        with uninterrupted():
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
