"""What a VideoReader yields: pixels as asked, the same fields in every mode, clips, flat memory."""

import gc
from pathlib import Path

import numpy as np
import pytest

from bdnet.codec import CorruptStream, VideoReader
from videos import Cut, Pan, assert_same_frame, h264, mpeg, overwrite, packet_positions

SOURCES = {
    "h264 mp4": {},
    "mpeg4 mp4": {"codec": "mpeg4"},
    "h264 ts": {"container": "ts"},
    "mpeg2 ts": {"codec": "mpeg2video", "container": "ts"},
    "mpeg4 avi": {"codec": "mpeg4", "container": "avi"},
    "h264 mkv": {"container": "mkv"},
    "h264 raw": {"container": "h264"},
}
FRAMES, KEYS = 27, [0, 12, 24]


@pytest.fixture(params=SOURCES)
def path(request, make_video) -> Path:
    recipe = SOURCES[request.param]
    return make_video(scene=Pan((1.5, -1.0)), size=(48, 64), frames=FRAMES, **recipe)


def read(path, **options):
    with VideoReader(path, **{"threads": 1, **options}) as reader:
        return list(reader)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("pixels", "wanted"),
    [
        ("key", KEYS),
        ("intra", KEYS),
        ("none", []),
        ("all", list(range(FRAMES))),
        ((3, 12, 25, 26), [3, 12, 25, 26]),
        ({0}, [0]),
        (range(11, 14), [11, 12, 13]),
        ([], []),
        (lambda frame: frame.motion is None or frame.index % 10 == 5, [0, 5, 12, 15, 24, 25]),
    ],
)
def test_every_mode_agrees_with_a_full_decode(path, pixels, wanted, threads) -> None:
    full = read(path, pixels="all")
    frames = read(path, pixels=pixels, threads=threads)
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert [frame.index for frame in frames if frame.image is not None] == wanted
    assert [frame.index for frame in frames if frame.is_key] == KEYS
    for frame, expected in zip(frames, full, strict=True):
        assert_same_frame(frame, expected, images=frame.image is not None)


def test_intra_frames_that_are_no_keyframes_have_pixels_if_asked_for(make_video) -> None:
    """x264 begins a scene so soon after a keyframe without another one."""
    options = (("bf", "0"), ("refs", "1"), ("keyint_min", "20"), ("sc_threshold", "400"))
    path = make_video(scene=Cut(at=7), size=(96, 128), frames=12, options=options)
    full = read(path, pixels="all", strict=False)
    assert [frame.index for frame in full if frame.motion is None] == [0, 7]
    assert [frame.index for frame in full if frame.is_key] == [0]
    for frame, expected in zip(read(path, pixels="intra", strict=False), full, strict=True):
        assert (frame.image is not None) == (frame.index in {0, 7})
        assert_same_frame(frame, expected, images=frame.index in {0, 7})


@pytest.mark.parametrize("pixels", ["key", "all"])
def test_every_clip_equals_the_sequential_read(path, pixels) -> None:
    step = 1 if path.suffix in (".mp4", ".ts") else 7  # of the others not quite every clip
    frames = read(path, pixels=pixels)
    with VideoReader(path, pixels=pixels, threads=1) as reader:
        for target in range(FRAMES):
            for offset in range(0, target + 1, step):
                clip = reader.clip(target, offset)
                assert [frame.index for frame in clip] == list(range(target - offset, target + 1))
                for frame in clip:
                    assert_same_frame(frame, frames[frame.index])


@pytest.mark.parametrize("wanted", [(14,), (5, 12, 20), (), (0, 26), (12,)])
def test_a_clip_with_chosen_pixels(path, wanted) -> None:
    full = read(path, pixels="all")
    with VideoReader(path, pixels="none", threads=1) as reader:
        for target, offset in [(20, 15), (14, 0), (26, 26), (13, 2)]:
            clip = reader.clip(target, offset, pixels=wanted)
            first = target - offset
            assert [frame.index for frame in clip] == list(range(first, target + 1))
            imaged = [frame.index for frame in clip if frame.image is not None]
            assert imaged == [index for index in wanted if first <= index <= target]
            for frame in clip:
                assert_same_frame(frame, full[frame.index], images=frame.image is not None)


def test_a_clip_may_override_the_pixels_of_its_reader(path) -> None:
    full = read(path, pixels="all")
    with VideoReader(path, pixels="key", threads=1) as reader:
        for frame, expected in zip(reader.clip(20, 4, pixels="all"), full[16:21], strict=True):
            assert_same_frame(frame, expected)
        assert [frame.image for frame in reader.clip(20, 4, pixels="none")] == [None] * 5


@pytest.mark.parametrize(("target", "offset"), [(27, 0), (3, 4), (-1, 0), (5, -1), (100, 100)])
def test_a_clip_outside_the_video_says_what_there_is(path, target, offset) -> None:
    with VideoReader(path, threads=1) as reader, pytest.raises(IndexError) as caught:
        reader.clip(target, offset)
    for part in (str(path), f"target={target}", f"offset={offset}", "0..26"):
        assert part in str(caught.value)


@pytest.mark.parametrize("pixels", [(3, 27), [-1]])
def test_pixels_of_a_frame_that_is_not_there(path, pixels) -> None:
    with VideoReader(path, pixels=pixels) as reader:
        with pytest.raises(IndexError, match=r"(27|-1).*0\.\.26"):
            list(reader)
        with pytest.raises(IndexError, match=r"27|-1"):
            reader.clip(5, 2)


def test_an_unknown_choice_of_pixels(path) -> None:
    with pytest.raises(ValueError, match=r"'some'.*'key', 'intra', 'all', 'none'"):
        VideoReader(path, pixels="some")


def test_reading_twice_and_between_clips_gives_the_same(path) -> None:
    with VideoReader(path, pixels="all", threads=2) as reader:
        assert len(reader) == FRAMES
        assert (reader.width, reader.height) == (64, 48)
        assert reader.fps == pytest.approx(25)
        first = list(reader)
        clip = reader.clip(17, 3)
        unfinished = iter(reader)
        next(unfinished)
        second = list(reader)
    for frame, expected in zip([*second, *clip], [*first, *first[14:18]], strict=True):
        assert_same_frame(frame, expected)


def test_the_context_manager_closes(path) -> None:
    reader = VideoReader(path)
    with reader as same:
        assert same is reader
        container = next(iter(reader._decoders._idle.values())).container
    assert not reader._decoders._idle
    with pytest.raises(AssertionError, match="not open"):
        next(container.demux())
    reader.close()  # twice does no harm


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("pixels", ["all", (5, 240)])
def test_memory_stays_flat_however_long_the_video(make_video, pixels) -> None:
    path = make_video(size=(240, 320), frames=250, codec="mpeg4")
    with VideoReader(path, pixels=pixels, threads=1) as reader:
        for frame in reader:
            if frame.index == 100:
                gc.collect()
                before = resident()
    growth = resident() - before
    assert growth < 10e6, f"{growth / 1e6:.1f} MB more; 150 pictures are 35 MB"


def test_runs_at_the_same_time_do_not_disturb_each_other(make_video):
    path = make_video(scene=Pan((2, 1)))
    with VideoReader(path) as fresh:
        wanted = list(fresh)
    with VideoReader(path) as reader:
        halfway, beside = iter(reader), iter(reader)
        first = [next(halfway) for _ in range(5)]
        clip = reader.clip(target=19, offset=4)
        second = [next(beside) for _ in range(3)]
        first += halfway
        second += beside
    for frames, expected in ((first, wanted), (second, wanted), (clip, wanted[15:20])):
        for frame, expected_frame in zip(frames, expected, strict=True):
            assert_same_frame(frame, expected_frame)


def test_a_closed_reader_says_so(make_video):
    reader = VideoReader(make_video(scene=Pan((2, 1))))
    reader.close()
    for use in (lambda: reader.clip(3, 1), lambda: next(iter(reader))):
        with pytest.raises(ValueError, match="closed"):
            use()


IN_DECODING_ORDER = {
    "AVI with B-frames": {**h264("b-adapt=0", bf="3"), "container": "avi"},
    "MPEG program stream": {**mpeg("mpeg2video", bf="2"), "container": "mpg"},
}


@pytest.mark.parametrize("kind", IN_DECODING_ORDER)
def test_clips_of_files_whose_stamps_are_no_help_are_in_order(make_video, kind) -> None:
    path = make_video(scene=Pan((2, 0)), size=(96, 128), frames=25, **IN_DECODING_ORDER[kind])
    with VideoReader(path, "all", strict=False, threads=1) as reader:
        frames = list(reader)
        assert len(reader) == len(frames) == 25
        for target in range(25):
            for offset in {0, min(target, 2)}:
                clip = reader.clip(target, offset)
                for frame, wanted in zip(clip, frames[target - offset : target + 1], strict=True):
                    assert frame.index == wanted.index
                    assert np.array_equal(frame.image, wanted.image)


def test_a_clip_without_its_target_is_an_error(make_video, tmp_path) -> None:
    path = tmp_path / "torn.avi"
    path.write_bytes(make_video(codec="mpeg4", container="avi", frames=12).read_bytes())
    position, size = packet_positions(path)[5]
    overwrite(path, position, b"\xff" * size)
    with VideoReader(path, "all", strict=False, threads=1) as reader:
        assert [frame.index for frame in reader.clip(6, 2)] == [4, 6]
        with pytest.raises(CorruptStream, match="frame 5") as caught:
            reader.clip(5, 2)
    assert caught.value.index == 5
