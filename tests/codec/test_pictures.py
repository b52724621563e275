"""Pictures that come as arrays, from folders, animations, cameras and servers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bdnet.codec import UnsupportedStream, VideoReader, pictures
from videos import Pan

SIZE = (96, 128)
IMAGES = [Pan((2, -1)).picture(index, *SIZE) for index in range(12)]


def read(source: Any, **options: Any) -> list[Any]:
    with VideoReader(source, "all", motion="auto", **options) as reader:
        return list(reader)


def check(frames: list[Any], images: list[NDArray[Any]]) -> None:
    """They are these images, and move like them."""
    for frame, image in zip(frames, images, strict=True):
        np.testing.assert_array_equal(frame.image, image)
    first, *others = frames
    assert first.motion is None
    for frame in others:
        assert np.median(frame.motion, (1, 2)).tolist() == [2, -1]


def reused() -> Iterator[NDArray[Any]]:
    """Each image in the same memory."""
    buffer = np.empty((*SIZE, 3), np.uint8)
    for image in IMAGES:
        buffer[:] = image
        yield buffer


def test_arrays_are_read_in_order():
    for source in (IMAGES, iter(IMAGES), reused(), [image[:, ::-1][:, ::-1] for image in IMAGES]):
        check(read(source), IMAGES)


def test_arrays_may_have_times():
    frames = read((image, 0.25 * index) for index, image in enumerate(IMAGES))
    assert [frame.time for frame in frames] == [0.25 * index for index in range(12)]
    with VideoReader(IMAGES, motion="search") as reader:
        assert [frame.time for frame in reader] == [0] * 12  # unknown
        assert len(list(reader)) == 12  # a list can be read again


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([IMAGES[0].astype(np.float32)], "float32"),
        ([IMAGES[0][..., 0]], r"\[96, 128\]"),
        ([IMAGES[0][:0]], r"\[0, 128, 3\]"),
        ([[[1, 2, 3], [4]]], "no array"),
        ([(IMAGES[0], 1.0, 2)], "no array"),
        ([(IMAGES[0], float("nan"))], "seconds nan"),
        ([(IMAGES[0], 1e300)], "1e\\+300"),
        ([(IMAGES[0], "x")], "seconds 'x'"),
        ([], "without a frame"),
    ],
)
def test_other_arrays_are_refused(source: Any, message: str):
    with pytest.raises(UnsupportedStream, match=message):
        read(source)


def test_pictures_have_no_vectors_and_no_index():
    with pytest.raises(UnsupportedStream, match="motion=auto"):
        VideoReader(IMAGES, motion="stream")
    with VideoReader(IMAGES, motion="search") as reader:
        with pytest.raises(UnsupportedStream, match="in order"):
            reader.clip(5, 2)


def test_a_folder_is_read_in_natural_order(tmp_path: Path):
    for number, image in enumerate(IMAGES):
        cv2.imwrite(str(tmp_path / f"frame_{number}.png"), image[..., ::-1])
    check(read(tmp_path), IMAGES)
    check(read(str(tmp_path)), IMAGES)
    (tmp_path / "frame_3.png").write_bytes(b"nothing")
    with pytest.raises(UnsupportedStream, match="frame 3"):
        read(tmp_path)
    frames = read(tmp_path, strict=False)
    assert [frame.index for frame in frames] == [0, 1, 2, *range(4, 12)]


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_animations_are_videos(tmp_path: Path, ending: str):
    path = tmp_path / f"pan.{ending}"
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(image, cv2.COLOR_RGB2BGRA) for image in IMAGES]
    animation.durations = np.array([40] * 12)
    assert cv2.imwriteanimation(str(path), animation)
    frames = read(path)
    assert [round(frame.time, 3) for frame in frames] == [0.04 * index for index in range(12)]
    assert np.median(frames[5].motion, (1, 2)).tolist() == [2, -1]
    difference = np.abs(frames[5].image.astype(int) - IMAGES[5]).mean()
    assert difference < (0.1 if ending == "png" else 20)


def silent(*_: object) -> None:
    """Logs no requests."""


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    handler = type("Handler", (BaseHTTPRequestHandler,), {"do_GET": answer, "log_message": silent})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/drive.mkv"
        finally:
            running.shutdown()


@pytest.fixture(scope="module")
def video(make_video: Callable[..., Path]) -> bytes:
    return make_video(scene=Pan((2, -1)), size=SIZE, frames=24, container="mkv").read_bytes()


def test_a_url_that_stalls_ends_in_time(video: bytes):
    leave = threading.Event()

    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(video)))
        handler.end_headers()
        handler.wfile.write(video[: len(video) // 2])
        leave.wait(30)

    with server(half) as url:
        with VideoReader(url, strict=False, motion="search", timeout=0.5) as reader:
            frames = list(iter(reader))
            assert 4 <= len(frames) < 24
            assert any("nothing came for 0.5 seconds" in problem for problem in reader.problems)
        with VideoReader(url, motion="search", timeout=0.5) as reader:
            with pytest.raises(UnsupportedStream, match=r"0\.5 seconds"):
                list(iter(reader))
        leave.set()


def test_a_server_that_never_answers_is_an_error_in_time():
    leave = threading.Event()
    with server(lambda _: leave.wait(30) and None) as url:
        with pytest.raises(UnsupportedStream, match=r"0\.5 seconds"):
            VideoReader(url, timeout=0.5)
        leave.set()


class Camera:
    """A camera of a few pictures, which then ends, or stalls."""

    def __init__(self, place: object, stalls: bool) -> None:
        self.place, self.images = place, iter(IMAGES)
        self.leave, self.stalls = threading.Event(), stalls

    def isOpened(self) -> bool:  # noqa: N802  # OpenCV's name
        return self.place != 7

    def get(self, _: int) -> float:
        return 15.0

    def read(self) -> tuple[bool, Any]:
        image = next(self.images, None)
        if image is None and self.stalls:
            self.leave.wait(30)
        return image is not None, None if image is None else image[..., ::-1]

    def release(self) -> None:
        self.leave.set()


@pytest.mark.parametrize("stalls", [True, False])
def test_a_camera_is_read_until_it_ends(monkeypatch: pytest.MonkeyPatch, stalls: bool):
    monkeypatch.setattr(pictures.cv2, "VideoCapture", lambda place: Camera(place, stalls))
    with pytest.raises(UnsupportedStream, match="camera:7"):
        VideoReader("camera:7", motion="auto")
    with VideoReader("camera:0", "all", strict=False, motion="auto", timeout=0.5) as reader:
        check(list(reader), IMAGES)
        assert reader.fps == 15
        (problem,) = reader.problems
        assert ("0.5 seconds" in problem) == stalls
    assert len(read("/dev/video0", strict=False, timeout=0.5)) == 12


@pytest.mark.parametrize("stalls_at", ["opening", "reading"])
def test_a_camera_that_never_answers_keeps_no_program_from_ending(
    monkeypatch: pytest.MonkeyPatch, stalls_at: str
):
    leave = threading.Event()

    class Stuck(Camera):
        def __init__(self, place: object) -> None:
            super().__init__(place, stalls=False)
            if stalls_at == "opening":
                leave.wait(30)

        def read(self) -> tuple[bool, Any]:
            leave.wait(30)
            return False, None

    monkeypatch.setattr(pictures.cv2, "VideoCapture", Stuck)
    with pytest.raises(UnsupportedStream, match=r"nothing came for 0\.2 seconds"):
        read("camera:0", timeout=0.2)
    waiting = [thread for thread in threading.enumerate() if thread.name == "bdnet-camera"]
    assert waiting
    assert all(thread.daemon for thread in waiting)
    leave.set()


HOSTILE = {
    **{f"{h}x{w}": [(h, w)] * 4 for h, w in ((1, 1), (2, 2), (1, 2), (7, 9), (1, 300), (300, 1))},
    "size changes": [(64, 96), (64, 96), (32, 48), (32, 48), (1, 1), (64, 96)],
}


@pytest.mark.parametrize("search", ["default", "fast", "mpeg4", "dis"])
@pytest.mark.parametrize("sizes", HOSTILE.values(), ids=HOSTILE)
def test_hostile_pictures_are_searched(sizes: list[tuple[int, int]], search: str):
    """Noise of any size, every third column of it."""
    random = np.random.default_rng(0)
    images = [random.integers(0, 255, (h, 3 * w, 3), np.uint8)[:, ::3] for h, w in sizes]
    frames = read(images, search=search, strict=False)
    before: tuple[int, int] | None = None
    for frame, image, size in zip(frames, images, sizes, strict=True):
        assert np.array_equal(frame.image, image)
        if frame.motion is not None:
            assert before == size
            assert frame.motion.shape == (2, -(-size[0] // 8), -(-size[1] // 8))
            assert np.isfinite(frame.motion).all()
        before = size


def test_a_live_source_is_never_a_frame_behind():
    """Each picture comes when the frame before it is there."""
    ready = threading.Semaphore(1)

    def source() -> Iterator[NDArray[Any]]:
        for image in IMAGES:
            assert ready.acquire(timeout=10)
            yield image

    with VideoReader(source(), "all", motion="search") as reader:
        for number, frame in enumerate(reader):
            assert frame.index == number
            ready.release()
