"""Labelled video, as the network in use would see it."""

from pathlib import Path

import numpy as np
import pytest

from bdnet.codec import VideoReader
from bdnet.data import video_segments
from bdnet.data.streets.dataset import Streets
from bdnet.data.video_segments import VideoSegments
from trees import Numbered


def segments_of(dataset: Numbered, interval: int = 3, **settings: int) -> VideoSegments:
    return VideoSegments(dataset, dataset.samples("test"), interval, **settings)


def spans(dataset: Numbered, **settings: int) -> list[tuple[str, list[int]]]:
    return [
        (samples[0].video.stem, [sample.target for sample in samples])
        for samples in segments_of(dataset, **settings).segments
    ]


def test_the_network_starts_afresh_every_interval_and_at_intra_frames(tmp_path: Path):
    (segment,) = segments_of(Numbered(tmp_path, 5))
    assert segment.is_key.nonzero().flatten().tolist() == [0, 3, 5, 8, 10]
    with VideoReader(tmp_path / "0.mp4", "all") as reader:
        for index, frame in enumerate(reader):
            assert np.array_equal(segment.images[index].permute(1, 2, 0), frame.image)
            assert (segment.labels[index] == index).all()
            if index in (0, 5, 10):  # intra
                assert not segment.motion[index].any()
                assert not segment.valid[index].any()
            else:
                assert np.array_equal(segment.motion[index], frame.motion)
                assert np.array_equal(segment.valid[index], frame.valid)
    assert segment.motion[1].abs().max() > 1


def test_a_segment_that_begins_between_keyframes_begins_with_one(tmp_path: Path):
    (segment,) = segments_of(Numbered(tmp_path, 5, [[2, 3, 4, 5, 6]]), interval=4)
    assert segment.is_key.tolist() == [True, False, False, True, False]
    assert segment.labels[:, 0, 0].tolist() == [2, 3, 4, 5, 6]


def test_segments_are_consecutive_labelled_frames_of_one_video(tmp_path: Path):
    dataset = Numbered(tmp_path, 5, [[0, 1, 2, 4, 6, 7], [7, 8], [3], range(12)])
    expected = [("0", [0, 1, 2]), ("0", [6, 7]), ("1", [7, 8]), ("3", list(range(12)))]
    assert spans(dataset) == expected
    shares = [spans(dataset, rank=rank, world=2) for rank in range(2)]
    assert sorted(shares[0] + shares[1]) == expected


def test_long_ones_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(video_segments, "LONGEST", 5)
    frames = [targets for _, targets in spans(Numbered(tmp_path, 5))]
    assert frames == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]


def test_streets_are_segments(small_streets: Streets):
    segments = VideoSegments(small_streets, small_streets.samples("val"), 5)
    assert [part.is_key.nonzero().flatten().tolist() for part in segments] == [[0, 5]] * 2
    assert segments[0].images.shape == (8, 3, 64, 96)
    assert segments[0].motion.shape == (8, 2, 8, 12)
    assert not np.array_equal(segments[0].labels, segments[1].labels)
