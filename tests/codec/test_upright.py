"""Turned videos: what comes upright is what an upright camera would have recorded."""

import itertools

import numpy as np
import pytest

from bdnet.codec import UnsupportedStream, VideoReader
from bdnet.codec.upright import AS_CODED, Orientation, turn_frame, turn_image
from bdnet.inference.streaming import segment
from bdnet.types import Frame, cells
from networks import build
from videos import CLEAN_H264, Pan, Rotated

SHIFT = (2.0, -1.0)
OPTIONS = {**CLEAN_H264, "qp": "0"}
del OPTIONS["crf"]
LOSSLESS = {"pixel_format": "yuv444p", "options": tuple(OPTIONS.items())}
ORIENTATIONS = [Orientation(*flips) for flips in itertools.product([False, True], repeat=3)]


@pytest.fixture(scope="module")
def model():
    return build("+model=bdnet", "model/boundary=warped")


def turned_field(how: Orientation, field: Frame, size: tuple[int, int]):
    """Each upright cell's vector and validity, by following pixels through the turned picture."""
    coordinates = np.indices(size).transpose(1, 2, 0)
    image = np.dstack([coordinates, np.zeros(size, int)]).astype(np.uint8)
    there = turn_image(image, how)[:, :, :2].astype(int)
    back = {tuple(there[pixel]): pixel for pixel in np.ndindex(there.shape[:2])}
    for row, column in np.ndindex(cells(there.shape[0]), cells(there.shape[1])):
        pixel = min(8 * row + 4, there.shape[0] - 1), min(8 * column + 4, there.shape[1] - 1)
        y, x = there[pixel].tolist()
        cell = y // 8, x // 8
        vx, vy = field.motion[(slice(None), *cell)].astype(int)
        arrival = back.get((y + vy, x + vx))
        moved = arrival and (arrival[1] - pixel[1], arrival[0] - pixel[0])
        yield (row, column), moved, field.valid[cell]


@pytest.mark.parametrize("how", ORIENTATIONS, ids=str)
@pytest.mark.parametrize("size", [(24, 40), (21, 35), (15, 9)])
def test_vectors_turn_with_the_picture(how, size) -> None:
    rng = np.random.default_rng(0)
    grid = cells(size[0]), cells(size[1])
    motion = rng.integers(-3, 4, (2, *grid)).astype(np.float32)
    frame = Frame(5, 0.2, False, None, motion, rng.random(grid) < 0.5)
    turned = turn_frame(frame, how, *size)
    assert turned[:4] == frame[:4]
    assert turned.motion.shape == (2, *turned.valid.shape)
    assert turned.motion.dtype == np.float32
    assert turned.motion.flags.c_contiguous
    assert turned.valid.flags.c_contiguous
    seen = 0
    for cell, moved, is_valid in turned_field(how, frame, size):
        assert turned.valid[cell] == is_valid
        if moved:  # else it ends outside
            assert tuple(turned.motion[(slice(None), *cell)]) == moved
            seen += 1
    assert seen > turned.valid.size / 3


def test_a_frame_without_pixels_or_motion_stays_without() -> None:
    frame = Frame(0, 0.0, True, None, None, None)
    assert turn_frame(frame, ORIENTATIONS[-1], 24, 40) == frame
    assert turn_frame(frame, AS_CODED, 24, 40) is frame


@pytest.mark.parametrize("size", [(48, 64), (45, 61)])
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_lying_pan_is_the_upright_one(make_video, model, size, quarters) -> None:
    lying = size if quarters == 2 else size[::-1]
    scene, degrees = Rotated(Pan(SHIFT), quarters), {1: 90, 2: 180, 3: -90}[quarters]
    path = make_video(scene=scene, size=lying, frames=6, rotation=degrees, **LOSSLESS)
    wanted = make_video(scene=Pan(SHIFT), size=size, frames=6, **LOSSLESS)
    with (
        VideoReader(path, "all", upright=True) as turned,  # strict: it is clean
        VideoReader(wanted, "all") as upright,
    ):
        for frame, expected in zip(turned, upright, strict=True):
            assert np.array_equal(frame.image, expected.image)
            assert (frame.index, frame.is_key) == (expected.index, expected.is_key)
            if expected.motion is None:
                assert frame.motion is None
                continue
            assert frame.motion.shape == expected.motion.shape
            inner = np.s_[1:-1, 1:-1]  # at the border an encoder may take anything
            for either in (frame, expected):
                moves = either.motion[:, *inner][:, either.valid[inner]]
                assert (np.abs(moves - np.array(SHIFT)[:, None]) < 0.3).all(0).mean() > 0.9
        assert turned.problems == ()
        assert (turned.height, turned.width) == size
    assert_same_labels(model, path, wanted)


def assert_same_labels(model, path, wanted) -> None:
    for turned, upright in zip(segment(path, model, 5), segment(wanted, model, 5), strict=True):
        share = (turned.labels == upright.labels).mean()
        assert share == 1 if upright.is_key else share > 0.9
        image = turned.frame.image
        assert image is None or np.array_equal(image, upright.frame.image)


def test_on_whole_cells_it_is_the_coded_field_turned(make_video) -> None:
    path = make_video(scene=Pan(SHIFT), size=(48, 64), frames=6, rotation=90)
    with (
        VideoReader(path, "all", upright=True) as upright,
        VideoReader(path, strict=False) as lying,
    ):
        for turned, coded in zip(upright, lying, strict=True):
            if coded.motion is not None:
                x, y = np.rot90(coded.motion, axes=(1, 2))
                assert np.array_equal(turned.motion, np.stack([y, -x]))
                assert np.array_equal(turned.valid, np.rot90(coded.valid))
        assert turned.image.shape == (64, 48, 3)
        assert (upright.height, upright.width, lying.height, lying.width) == (64, 48, 48, 64)
        assert any("turned by 90 degrees" in problem for problem in lying.problems)
        # clips too
        assert np.array_equal(upright.clip(5, 1)[-1].motion, turned.motion)


@pytest.mark.parametrize(("degrees", "axes"), [(0, np.s_[:, ::-1]), (180, np.s_[::-1])])
def test_mirrored_videos_are_mirrored_back(make_video, degrees, axes) -> None:
    settings = {"scene": Pan(SHIFT), "size": (48, 64), "frames": 3}
    path = make_video(rotation=degrees, mirrored=True, **settings)
    with (
        VideoReader(path, "all", upright=True) as turned,
        VideoReader(make_video(**settings), "all") as coded,
    ):
        for frame, expected in zip(turned, coded, strict=True):
            assert np.array_equal(frame.image, expected.image[axes])
            if expected.motion is not None:
                assert np.array_equal(frame.valid, expected.valid[axes])


def test_a_tilted_video_stays_as_it_is_coded(make_video) -> None:
    path = make_video(scene=Pan(SHIFT), size=(48, 64), frames=3, rotation=30)
    with VideoReader(path, "all", strict=False, upright=True) as reader:
        assert [frame.image.shape for frame in reader] == [(48, 64, 3)] * 3
        assert any("is stored turned by" in problem for problem in reader.problems)
    with pytest.raises(UnsupportedStream, match=r"turned by"):
        list(VideoReader(path, upright=True))
