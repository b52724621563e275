"""Damage: lost and broken pictures, cut-off files."""

import shutil

import numpy as np
import pytest

from bdnet.codec import CorruptStream, UnsupportedStream, VideoReader, describe
from videos import Pan, assert_same_frame, overwrite, packet_positions

DAMAGED, FRAMES = 17, 25
SOURCES = {
    "h264 mp4": {},
    "h264 mkv": {"container": "mkv"},
    "h264 ts": {"container": "ts"},
    "mpeg4 avi": {"codec": "mpeg4", "container": "avi"},
    "mpeg4 mp4": {"codec": "mpeg4"},
    "mpeg2 ts": {"codec": "mpeg2video", "container": "ts"},
}
TS_PACKET = 188  # bytes


@pytest.fixture(params=SOURCES)
def pair(request, make_video, tmp_path):
    """A whole video and a copy whose frame 17 holds noise."""
    whole = make_video(scene=Pan((1.0, 1.0)), frames=FRAMES, **SOURCES[request.param])
    path = tmp_path / f"damaged{whole.suffix}"
    shutil.copy(whole, path)
    start, size = packet_positions(path)[DAMAGED]
    noise = np.random.default_rng(0).bytes(size)
    if path.suffix == ".ts":
        overwrite(path, start + TS_PACKET + 8, noise[: TS_PACKET - 8])
    else:
        overwrite(path, start + 8, noise[8:])
    return whole, path


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("pixels", ["key", "all", "none"])
def test_strict_mode_names_the_damaged_frame(pair, pixels, threads) -> None:
    _, path = pair
    read = 0
    with VideoReader(path, pixels, threads=threads) as reader:
        with pytest.raises(CorruptStream, match=rf"frame {DAMAGED} ") as caught:
            for frame in reader:
                read = frame.index + 1
    assert caught.value.index == DAMAGED
    assert str(path) in str(caught.value)
    assert read == DAMAGED


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("pixels", ["key", (3, 24)])
def test_best_effort_reads_on_around_the_damage(pair, pixels, threads, caplog) -> None:
    whole, path = pair
    with VideoReader(whole, pixels, threads=1) as reader:
        wanted = list(reader)
    with VideoReader(path, pixels, strict=False, threads=threads) as reader:
        frames = {frame.index: frame for frame in reader}
        assert reader.corrupt == (DAMAGED,)
        assert len(reader) == FRAMES
    assert set(range(FRAMES)) - set(frames) <= {DAMAGED}
    for index in set(frames) - {DAMAGED, DAMAGED + 1}:
        assert_same_frame(frames[index], wanted[index])
    first_after = frames.get(DAMAGED, frames[DAMAGED + 1])
    assert not first_after.valid.any()
    assert not first_after.motion.any()
    assert f"{path}: damaged frames: 1, the first is {DAMAGED}" in caplog.messages


def test_clips_know_of_the_damage_too(pair) -> None:
    whole, path = pair
    with VideoReader(path, threads=1) as reader, VideoReader(whole, threads=1) as good:
        for target, offset in [(16, 4), (24, 0), (11, 11)]:
            wanted = good.clip(target, offset)
            for frame, expected in zip(reader.clip(target, offset), wanted, strict=True):
                assert_same_frame(frame, expected)
        with pytest.raises(CorruptStream) as caught:
            reader.clip(20, 6)
        assert caught.value.index == DAMAGED


def cut(source, path, share: float):
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def test_a_file_cut_off_before_its_index(make_video, tmp_path) -> None:
    path = cut(make_video(), tmp_path / "short.mp4", 0.7)
    for use in (describe, VideoReader):
        with pytest.raises(UnsupportedStream, match=r"short\.mp4"):
            use(path)


@pytest.fixture
def short(make_video, tmp_path):
    """An AVI whose header promises 25 frames."""
    whole = make_video(scene=Pan((1.0, 1.0)), codec="mpeg4", container="avi", frames=FRAMES)
    start, _ = packet_positions(whole)[20]
    return whole, cut(whole, tmp_path / "short.avi", start / whole.stat().st_size)


def test_a_file_that_ends_early(short) -> None:
    whole, path = short
    with VideoReader(whole) as reader:
        wanted = list(reader)
    with VideoReader(path) as reader, pytest.raises(CorruptStream, match="ends early") as caught:
        for frame in reader:
            assert_same_frame(frame, wanted[frame.index])
    assert caught.value.index == 20
    assert "5 of the promised frames are missing" in str(caught.value)
    assert any("5 of the promised frames" in problem for problem in describe(path).problems)


def test_best_effort_reads_what_is_left(short, caplog) -> None:
    with VideoReader(short[1], strict=False) as reader:
        assert [frame.index for frame in reader] == list(range(20))
    assert any("ends early, after 20 frames" in message for message in caplog.messages)


def test_a_transport_stream_cut_in_a_picture(make_video, tmp_path) -> None:
    whole = make_video(scene=Pan((1.0, 1.0)), container="ts", frames=FRAMES)
    path = cut(whole, tmp_path / "short.ts", 0.6)
    with VideoReader(path, strict=False) as reader:
        count = len(list(reader))
        assert count == len(reader)
        assert 10 < count < FRAMES
        assert set(reader.corrupt) <= {count - 1}
