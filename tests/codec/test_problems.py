"""What strict mode refuses, and what best effort makes of it."""

import logging
from pathlib import Path

import numpy as np
import pytest

from bdnet.codec import UnsupportedStream, VideoReader, describe, problems
from videos import NO_VECTORS, Pan, assert_same_frame, h264, mpeg

SHIFT = (2.0, -1.0)


UNCLEAN = {
    "b-frames": (mpeg("mpeg4", bf="2"), "has B-frames"),
    "x264 defaults": ({"options": ()}, "allows 4 reference frames"),
    "refs": (h264(refs="3"), "allows 3 reference frames"),
    "interlaced h264": (h264("interlaced=1"), "is interlaced"),
    "interlaced mpeg2": (mpeg("mpeg2video", flags="+ildct+ilme"), "is interlaced"),
    "rotated": ({"rotation": 90}, "turned by 90 degrees"),
}


@pytest.mark.parametrize("kind", UNCLEAN)
def test_strict_mode_refuses_and_names_the_fix(make_video, kind) -> None:
    recipe, finding = UNCLEAN[kind]
    path = make_video(scene=Pan(SHIFT), frames=10, **recipe)
    with pytest.raises(UnsupportedStream) as caught, VideoReader(path, threads=1) as reader:
        list(reader)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert finding in message
    assert f"python -m bdnet.encode input='{path}'" in message
    assert "strict=False" in message
    assert len(message.splitlines()) == 1
    assert any(finding in problem for problem in describe(path).problems)


@pytest.mark.parametrize("kind", UNCLEAN)
def test_best_effort_reads_what_strict_mode_refuses(make_video, kind) -> None:
    path = make_video(scene=Pan(SHIFT), frames=10, **UNCLEAN[kind][0])
    with VideoReader(path, "all", strict=False, threads=1) as reader:
        frames = list(reader)
    assert [frame.index for frame in frames] == list(range(10))
    assert all(frame.image is not None for frame in frames)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("kind", NO_VECTORS)
def test_codecs_without_vectors_are_refused_always(make_video, kind, strict) -> None:
    path = make_video(frames=3, **NO_VECTORS[kind])
    with pytest.raises(UnsupportedStream) as caught:
        VideoReader(path, strict=strict)
    message = str(caught.value)
    for part in (str(path), f"{kind} video", "no motion vectors", "python -m bdnet.encode"):
        assert part in message


AMBIGUOUS = {
    "x264 defaults": {"options": ()},
    "b-pyramid": h264("b-pyramid=normal:b-adapt=0", bf="5", refs="4"),
    "no pyramid": h264("b-pyramid=none:b-adapt=0", bf="3", refs="2"),
    "mpeg2 b-frames": {**mpeg("mpeg2video", bf="2"), "container": "ts"},
}


@pytest.mark.parametrize(("shift", "misled"), [((2.0, -1.0), 0), ((-1.0, 3.0), 3)])
@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_best_effort_finds_the_pan_in_every_frame(make_video, kind, shift, misled) -> None:
    """All frames but `misled`: where the encoder took most of a P-frame from an older reference."""
    path = make_video(scene=Pan(shift), size=(192, 256), frames=30, **AMBIGUOUS[kind])
    with VideoReader(path, "none", strict=False, threads=1) as reader:
        inter = [frame for frame in reader if frame.motion is not None]
    assert len(inter) >= 27
    assert min(frame.valid.mean() for frame in inter) > 0.1
    medians = {frame.index: np.median(frame.motion[:, frame.valid], 1) for frame in inter}
    ratios = {index: median / shift for index, median in medians.items()}
    wrong = {index: ratio for index, ratio in ratios.items() if np.abs(ratio - 1).max() > 0.01}
    assert len(wrong) <= misled, wrong
    assert all(ratio[0] == ratio[1] > 1 for ratio in wrong.values()), wrong  # the same way, too far


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_best_effort_clips_equal_the_sequential_read(make_video, kind) -> None:
    path = make_video(scene=Pan(SHIFT), size=(96, 128), frames=30, **AMBIGUOUS[kind])
    with VideoReader(path, "all", strict=False, threads=1) as reader:
        frames = list(reader)
        for target in range(30):
            for offset in {0, 1, target // 2, target}:
                if offset <= target:
                    wanted = frames[target - offset : target + 1]
                    for frame, expected in zip(reader.clip(target, offset), wanted, strict=True):
                        assert_same_frame(frame, expected)


def test_b_frames_of_mpeg4_are_holes(make_video) -> None:
    """libavcodec exports a vector for each of their blocks, and each one is zero."""
    path = make_video(scene=Pan(SHIFT), frames=12, **mpeg("mpeg4", bf="2"))
    with VideoReader(path, "none", strict=False, threads=1) as reader:
        frames = list(reader)
    assert [frame.valid.mean() for frame in frames[1:3]] == [0, 0]
    assert frames[3].valid.mean() > 0.95
    np.testing.assert_array_equal(np.median(frames[3].motion, axis=(1, 2)), SHIFT)


def test_holes_are_counted_and_said_once(make_video, caplog) -> None:
    path = make_video(scene=Pan(SHIFT), size=(192, 256), frames=30, options=())
    with caplog.at_level(logging.WARNING), VideoReader(path, strict=False) as reader:
        frames = [frame for frame in reader if frame.motion is not None]
        share = reader.hole_share
    assert share == pytest.approx(1 - np.mean([frame.valid.mean() for frame in frames]))
    assert 0 < share < 0.5
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [f"{path}: {100 * share:.1f} % of the picture had no usable vector"]


def test_best_effort_tells_each_problem_once(make_video) -> None:
    path = make_video(scene=Pan(SHIFT), size=(96, 128), frames=30, options=(("refs", "3"),))
    with VideoReader(path, strict=False) as reader:
        announced = reader.problems
        assert len(list(reader)) == 30
        references, *met = reader.problems
    assert "reference frames, and vectors do not say which" in references
    assert announced == (references,)
    assert sorted(met) == sorted([problems.B_FRAMES, problems.UNUSED])
    with VideoReader(make_video(), strict=False) as reader:
        assert len(list(reader)) == 25
        assert reader.problems == ()


def test_a_clean_stream_is_silent(make_video, caplog) -> None:
    with VideoReader(make_video(), strict=False) as reader:
        assert len(list(reader)) == len(reader)
        assert reader.hole_share == 0
        assert reader.corrupt == ()
    assert not caplog.records


def growing(make_video, path: Path) -> Path:
    """Ten frames, of which the last five are smaller."""
    with path.open("wb") as file:
        for size in [(96, 128), (64, 80)]:
            file.write(make_video(container="h264", size=size, frames=5).read_bytes())
    return path


def test_a_picture_that_changes_its_size_is_refused(make_video, tmp_path) -> None:
    with VideoReader(growing(make_video, tmp_path / "grows.h264"), threads=1) as reader:
        with pytest.raises(UnsupportedStream, match=r"changes its picture size \(frame 5\)"):
            list(reader)


@pytest.mark.parametrize("motion", ["stream", "search"])
def test_a_picture_of_another_size_starts_afresh(make_video, tmp_path, motion) -> None:
    path = growing(make_video, tmp_path / "grows.h264")
    with VideoReader(path, "all", strict=False, motion=motion, threads=1) as reader:
        frames = list(reader)
        assert len(reader.problems) == 1
    assert [frame.image.shape for frame in frames] == [(96, 128, 3)] * 5 + [(64, 80, 3)] * 5
    assert [frame.index for frame in frames if frame.motion is None] == [0, 5]
    assert frames[6].motion.shape == (2, 8, 10)
