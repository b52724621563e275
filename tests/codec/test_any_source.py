"""Searched fields through codecs as people have them, against the motion that was filmed."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from bdnet.codec import VideoReader
from bdnet.codec.chaining import EXAMINED
from bdnet.codec.search import SEARCHES
from bdnet.types import Frame
from videos import Cut, Pan, Walk, Zoom, assert_same_frame, h264, mpeg

HEVC = {"codec": "libx265", "options": (("crf", "20"), ("x265-params", "log-level=none:pools=1"))}
CODECS: dict[str, dict[str, Any]] = {
    "hevc": HEVC,
    "hevc, 10 bit": {**HEVC, "pixel_format": "yuv420p10le"},
    "h264 with B-frames": {"options": (("crf", "20"), ("bf", "3"))},
    "vp9": {
        "codec": "libvpx-vp9",
        "container": "webm",
        "options": (("crf", "20"), ("b", "0"), ("cpu-used", "8")),
    },
    "av1": {
        "codec": "libsvtav1",
        "container": "mkv",
        "options": (("preset", "10"), ("svtav1-params", "lp=1")),
    },
    "mpeg4 with B-frames": {
        **mpeg("mpeg4", bf="2", qmin="2", qmax="3"),
        "container": "avi",
    },
}
STEPS = Walk(((2.0, 1.0), (-1.0, 3.0), (0.0, -2.0), (3.5, 0.0), (-2.0, -0.5)))
INNER = slice(2, -2), slice(2, -2)


def read(path: Path, **options: Any) -> list[Frame]:
    with VideoReader(path, **{"threads": 1, "motion": "auto", **options}) as reader:
        assert reader.search is not None
        return list(reader)


def share(frame: Frame, motion: tuple[float, float], limit: float = 0.25) -> float:
    """Share of the inner cells whose vector is within `limit` pixels of this one."""
    error = np.abs(frame.motion - np.float32(motion)[:, None, None]).max(0)
    return float(((error <= limit) & frame.valid)[INNER].mean())


@pytest.mark.parametrize("shift", [(1.25, -0.5), (-3.0, 2.75)])
@pytest.mark.parametrize("codec", CODECS)
def test_a_pan_is_found_to_a_quarter_of_a_pixel(make_video, codec, shift) -> None:
    frames = read(make_video(scene=Pan(shift), frames=8, **CODECS[codec]))
    assert [frame.index for frame in frames] == list(range(8))
    assert [frame.motion is None for frame in frames] == [True] + [False] * 7
    assert min(share(frame, shift) for frame in frames[1:]) >= 0.95


@pytest.mark.parametrize("codec", ["hevc", "h264 with B-frames", "vp9"])
def test_odd_sizes_are_no_exception(make_video, codec) -> None:
    formats = {} if codec == "vp9" else {"pixel_format": "yuv444p"}
    size = (121, 161)
    path = make_video(scene=Pan((-1.25, 2.5)), frames=6, size=size, **CODECS[codec] | formats)
    _, *frames = read(path)
    assert all(frame.valid.shape == (16, 21) for frame in frames)
    assert min(share(frame, (-1.25, 2.5)) for frame in frames) >= 0.95


@pytest.mark.parametrize("codec", CODECS)
def test_what_stands_still_does_not_move(make_video, codec) -> None:
    _, *frames = read(make_video(frames=6, **CODECS[codec]))
    assert min(share(frame, (0, 0)) for frame in frames) == 1


@pytest.mark.parametrize("factor", [1.02, 0.98])
@pytest.mark.parametrize("codec", ["hevc", "h264 with B-frames"])
def test_a_zoom_is_reproduced_by_warping_the_frame_before(make_video, codec, factor) -> None:
    frames = read(make_video(scene=Zoom(factor), frames=8, **CODECS[codec]), pixels="all")
    still = [cv2.PSNR(before.image, frame.image) for before, frame in pairwise(frames)]
    moved = [cv2.PSNR(warped(before, frame), frame.image) for before, frame in pairwise(frames)]
    assert np.mean(moved) > np.mean(still) + 3
    assert np.min(np.subtract(moved, still)) > 0


def warped(before: Frame, frame: Frame) -> np.ndarray:
    """The frame before, moved along a frame's field."""
    height, width = frame.image.shape[:2]
    x, y = (cv2.resize(component, (width, height)) for component in frame.motion)
    rows, columns = np.indices((height, width), np.float32)
    border = cv2.BORDER_REPLICATE
    return cv2.remap(before.image, columns + x, rows + y, cv2.INTER_LINEAR, borderMode=border)


@pytest.mark.parametrize("codec", ["hevc", "h264 with B-frames", "vp9"])
def test_there_is_no_motion_at_a_cut(make_video, codec) -> None:
    frames = read(make_video(scene=Cut(at=4), frames=8, **CODECS[codec]))
    assert [frame.index for frame in frames if frame.motion is None] == [0, 4]
    assert min(share(frame, (0, 0)) for frame in frames if frame.motion is not None) == 1


UNEVEN = (0, 4, 7, 20, 21, 23, 50, 51, 60, 65)


@pytest.mark.parametrize("codec", ["hevc", "h264 with B-frames", "av1"])
def test_each_picture_has_its_own_field_by_its_time(make_video, codec) -> None:
    """Pictures are decoded in another order, and come at uneven times."""
    path = make_video(scene=STEPS, frames=10, stamps=UNEVEN, **CODECS[codec])
    frames = read(path)
    begin = frames[0].time
    times = [frame.time - begin for frame in frames]
    assert times == pytest.approx([stamp / 100 for stamp in UNEVEN], abs=1e-3)
    for frame in frames[1:]:
        assert share(frame, STEPS.step(frame.index)) >= 0.9, frame.index


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("codec", ["hevc, 10 bit", "h264 with B-frames", "vp9"])
def test_fields_are_the_same_for_any_threads_and_however_often(make_video, codec, search) -> None:
    path = make_video(scene=STEPS, frames=10, size=(136, 176), **CODECS[codec])
    once = read(path, search=search)
    with VideoReader(path, motion="search", search=search, threads=2) as reader:
        for again in (list(reader), list(reader), read(path, search=search, threads=0)):
            for frame, expected in zip(again, once, strict=True):
                assert_same_frame(frame, expected)


@pytest.mark.parametrize(("search", "limit"), [("default", 0.5), ("fast", 1.0)])
def test_after_a_seek_fields_differ_a_little(make_video, search, limit) -> None:
    """The search begins at the keyframe before; other vectors are as good as those."""
    options = (("crf", "20"), ("x265-params", "log-level=none:pools=1:keyint=8:min-keyint=8"))
    path = make_video(scene=Zoom(1.02), frames=20, codec="libx265", options=options)
    with VideoReader(path, "all", motion="search", search=search, threads=1) as reader:
        whole = list(reader)
        for target in (7, 10, 15, 18):
            clip = reader.clip(target, 2)
            for before, frame in pairwise(clip):
                expected = whole[frame.index]
                np.testing.assert_array_equal(frame.image, expected.image)
                error = np.abs(frame.motion - expected.motion).max(0)[INNER]
                assert (error <= limit).mean() >= 0.9
                assert difference(before, frame) <= 1.15 * difference(before, expected)
        assert reader.clip(8, 0)[0].motion is None  # the search begins there


def difference(before: Frame, frame: Frame) -> float:
    return float(cv2.absdiff(warped(before, frame), frame.image).mean())


CHAINING = {
    "clean": ({}, True),
    "mpeg2 without B-frames": ({**mpeg("mpeg2video"), "container": "ts"}, True),
    "B-frames": (h264("b-adapt=0", bf="1", refs="1"), False),
    "references": (h264(refs="2"), False),
    "interlaced": (mpeg("mpeg2video", flags="+ildct+ilme") | {"container": "ts"}, False),
    "hevc": (HEVC, False),
}


@pytest.mark.parametrize("kind", CHAINING)
def test_auto_keeps_vectors_that_chain(make_video, kind) -> None:
    recipe, chains = CHAINING[kind]
    path = make_video(scene=Pan((2.0, -1.0)), frames=10, **recipe)
    with VideoReader(path, motion="auto", threads=1) as reader:
        assert (reader.search is None) == chains
        assert reader.source_of_motion == ("its own vectors" if chains else "searched")
        assert len(list(reader)) == 10
        assert ("ms per frame" in reader.source_of_motion) != chains


def test_problems_after_the_beginning_are_reported(make_video, tmp_path) -> None:
    """`auto` examines the first packets only."""
    parts = [
        make_video(container="h264", frames=count, size=(48, 64), **h264(refs="1", **options))
        for count, options in ((EXAMINED + 10, {}), (10, {"bf": "1"}))
    ]
    path = tmp_path / "later.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with VideoReader(path, strict=False, motion="auto", threads=1) as reader:
        assert len(list(reader)) == EXAMINED + 20
        assert reader.search is None
        assert any("B-frames" in problem for problem in reader.problems)
