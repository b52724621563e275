"""Fields that an encoder in memory finds: known motion, and the same whatever surrounds them."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import av
import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from bdnet.codec import UnsupportedStream, VideoReader, block_search
from bdnet.codec.search import SEARCHES, Field, MotionSearch, Search
from bdnet.errors import BdnetError
from bdnet.types import cells

SCENE = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (400, 500, 3)).astype(np.uint8), (0, 0), 2
)
SCENE = cv2.normalize(SCENE, None, 0, 255, cv2.NORM_MINMAX)


def pan(frames: int, x: float, y: float, height: int = 144, width: int = 208) -> list[NDArray]:
    """The scene seen through a window that moves by (x, y) pixels per frame."""
    matrices = [np.float32([[1, 0, 60 + x * t], [0, 1, 60 + y * t]]) for t in range(frames)]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return [cv2.warpAffine(SCENE, matrix, (width, height), flags=flags) for matrix in matrices]


def fields(images: list[NDArray], search: Search | None = None) -> list[Field | None]:
    searching = MotionSearch(search)
    return [searching.field(image) for image in images]


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, -2), (1.25, 0.5), (-6, 4)])
def test_a_pan_is_found(name: str, x: float, y: float):
    first, *others = fields(pan(5, x, y), SEARCHES[name])
    assert first is None
    for field in others:
        assert field is not None
        motion, valid = field
        inner = motion[:, 2:-2, 2:-2] - np.float32([x, y])[:, None, None]
        right = np.abs(inner).max(0) <= (0.5 if SEARCHES[name].half else 0.25)
        assert (right & valid[2:-2, 2:-2]).mean() >= 0.95


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize(("height", "width"), [(144, 208), (97, 131), (18, 34), (50, 50)])
def test_odd_sizes_have_the_same_grid(name: str, height: int, width: int):
    for field in fields(pan(3, 2, 0, height, width), SEARCHES[name])[1:]:
        assert field is not None
        assert field[0].shape == (2, cells(height), cells(width))
        assert field[0].dtype == np.float32
        assert field[1].shape == (cells(height), cells(width))


def test_fields_are_the_same_each_time():
    images = pan(6, 2.5, -1)
    for field, again in zip(fields(images)[1:], fields(images)[1:], strict=True):
        assert field is not None
        assert again is not None
        np.testing.assert_array_equal(field[0], again[0])
        np.testing.assert_array_equal(field[1], again[1])


def test_another_size_starts_afresh():
    searched = fields([*pan(2, 1, 0), *pan(2, 1, 0, 80, 96)])
    assert [field is None for field in searched] == [True, False, True, False]


def another_scene(frames: int) -> list[NDArray]:
    return [np.ascontiguousarray(image[::-1, ::-1]) for image in pan(frames, 1, 1)]


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize(("x", "y"), [(0, 0), (2, -1), (6, -4)])
def test_a_cut_has_no_motion(name: str, x: float, y: float):
    grey = [np.full((144, 208, 3), 128, np.uint8)] * 3
    images = [*pan(4, x, y), *another_scene(3), *grey, *another_scene(2)]
    cuts = [index for index, field in enumerate(fields(images, SEARCHES[name])) if field is None]
    assert cuts == [0, 4, 7, 10]


def test_noise_and_fades_are_no_cuts():
    noise = [np.random.default_rng(seed).normal(0, 20, (144, 208, 3)) for seed in range(4)]
    dark = [
        (20 + 0.1 * image + grain).clip(0) for image, grain in zip(pan(4, 2, 1), noise, strict=True)
    ]
    faded = [image * (1 - 0.03 * index) for index, image in enumerate(pan(6, 2, 1))]
    for images in (dark, faded):
        searched = fields([np.uint8(image) for image in images])
        assert [field is None for field in searched[1:]] == [False] * (len(images) - 1)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "yuv420p10le", "nv12", "gray", "bgr24"])
def test_decoded_pictures_of_any_format(pixels: str):
    images = pan(3, 3, 1)
    pictures = [VideoFrame.from_ndarray(image, "rgb24").reformat(format=pixels) for image in images]
    for field in fields(pictures)[1:]:
        assert field is not None
        assert np.median(field[0], (1, 2)).tolist() == [3, 1]


CODECS = {
    "hevc": ("libx265", "mp4", {"crf": "20", "x265-params": "log-level=none"}),
    "h264 with B-frames": ("libx264", "mp4", {"crf": "20", "bf": "3"}),
    "vp9": ("libvpx-vp9", "webm", {"crf": "20", "b": "0", "cpu-used": "8"}),
    "mjpeg": ("mjpeg", "avi", {"qmin": "2", "qmax": "2"}),
}


@pytest.fixture(scope="module", params=CODECS)
def panning(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pan by (3, -2) pixels per frame in a codec that strict reading refuses."""
    encoder, ending, options = CODECS[request.param]
    path = tmp_path_factory.mktemp("panning") / f"pan.{ending}"
    pixels = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoder, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.options = 208, 144, pixels, options
        for image in pan(10, 3, -2):
            picture = VideoFrame.from_ndarray(image, "rgb24").reformat(format=pixels)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def test_a_reader_searches_what_does_not_chain(panning: Path):
    with VideoReader(panning, "none", motion="auto", threads=1) as reader:
        first, *others = list(reader)
    assert reader.search is not None
    assert reader.problems == ()
    assert first.motion is None
    assert len(others) == 9
    for frame in others:
        assert frame.image is None
        inner = frame.motion[:, 2:-2, 2:-2] - np.float32([3, -2])[:, None, None]
        assert (np.abs(inner).max(0) <= 0.25).mean() >= 0.95


def test_searched_fields_do_not_depend_on_threads(panning: Path):
    single, double = (list(VideoReader(panning, "all", motion="search", threads=n)) for n in (1, 2))
    for frame, same in zip(single, double, strict=True):
        np.testing.assert_array_equal(frame.image, same.image)
        np.testing.assert_array_equal(frame.motion, same.motion)


def test_searched_fields_are_those_without_threads(panning: Path):
    searching = MotionSearch()
    with av.open(str(panning)) as container:
        expected = [searching.field(picture) for picture in container.decode(video=0)]
    for frame, field in zip(VideoReader(panning, motion="search"), expected, strict=True):
        assert (frame.motion is None) == (field is None)
        if field is not None:
            np.testing.assert_array_equal(frame.motion, field[0])
            np.testing.assert_array_equal(frame.valid, field[1])


def test_the_threads_of_a_search_end_with_its_reader(
    panning: Path, monkeypatch: pytest.MonkeyPatch
):
    def alive() -> bool:
        return any("bdnet-ahead" in thread.name for thread in threading.enumerate())

    with VideoReader(panning, "none", motion="search") as reader:
        frames = iter(reader)
        next(frames)
        assert alive()
        frames.close()
        assert not alive()
        assert len(list(reader)) == 10  # the decoder is free again
        for stage in ("find", "prepare"):
            monkeypatch.setattr(MotionSearch, stage, Mock(side_effect=OSError(stage)))
            with pytest.raises(OSError, match=stage) as caught:
                list(reader)
            assert caught.tb is not None  # which still holds what the stages held
            assert not alive()


def test_without_libx264_others_can_search(panning: Path, monkeypatch: pytest.MonkeyPatch):
    create = av.CodecContext.create

    def without(name: str, mode: str) -> object:
        if name == "libx264":
            raise av.codec.codec.UnknownCodecError(name)
        return create(name, mode)

    hidden = SimpleNamespace(CodecContext=SimpleNamespace(create=without), codec=av.codec)
    monkeypatch.setattr(block_search, "av", hidden)
    with pytest.raises(UnsupportedStream, match=r"libx264.*search=mpeg4.*search=dis"):
        list(VideoReader(panning, "none", motion="search"))
    for name in ("mpeg4", "dis"):
        assert len(list(VideoReader(panning, "none", motion="search", search=name))) == 10


def test_a_clip_searches_from_the_keyframe_before_it(panning: Path):
    with VideoReader(panning, "all", motion="search", threads=1) as reader:
        whole = list(reader)
        _, *later = reader.clip(6, 2)
        assert [frame.index for frame in later] == [5, 6]
        for frame in later:
            np.testing.assert_array_equal(frame.image, whole[frame.index].image)
            inner = frame.motion[:, 2:-2, 2:-2] - np.float32([3, -2])[:, None, None]
            assert (np.abs(inner).max(0) <= 0.25).mean() >= 0.95


def test_a_clean_stream_keeps_its_own_vectors(make_video: Callable[..., Path]):
    with VideoReader(make_video(), motion="auto") as reader:
        assert reader.search is None


def test_unknown_choices_are_refused(make_video: Callable[..., Path]):
    with pytest.raises(BdnetError, match="flow"):
        VideoReader(make_video(), motion="flow")
    with pytest.raises(BdnetError, match="slow"):
        VideoReader(make_video(), motion="search", search="slow")
