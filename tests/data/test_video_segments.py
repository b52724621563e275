"""Labelled video, as the network in use would see it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from bdnet.codec import Encoding, VideoReader, VideoWriter
from bdnet.data import video_segments
from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.data.classes import Classes
from bdnet.data.streets.dataset import Streets
from bdnet.data.video_segments import VideoSegments
from trees import picture


class Gop(ClipDataset):
    """Videos of 12 frames with codec keyframes 0, 5 and 10, whose labels are their numbers."""

    classes = Classes(tuple(map(str, range(12))), ((0, 0, 0),) * 12)

    def __init__(self, root: Path, labelled: list[list[int]]) -> None:
        self.found = []
        for number, indices in enumerate(labelled):
            video = root / f"{number}.mp4"
            with VideoWriter(video, encoding=Encoding(interval=5)) as writer:
                for index in range(12):
                    writer.write(picture(index))
            for index in range(12):
                label = root / f"{number}-{index}.png"
                assert cv2.imwrite(str(label), np.full((48, 64), index, np.uint8))
                is_labelled = index in indices
                self.found.append(Sample(video, index, label if is_labelled else None))

    def samples(self, split: Split) -> list[Sample]:  # noqa: ARG002
        return self.found


def spans(dataset: ClipDataset, **settings: int) -> list[tuple[str, list[int]]]:
    found = VideoSegments(dataset, dataset.samples("test"), 3, **settings)
    return [(run[0].video.stem, [sample.target for sample in run]) for run in found.segments]


def test_the_network_starts_afresh_every_interval_and_at_intra_frames(tmp_path: Path):
    dataset = Gop(tmp_path, [list(range(12))])
    (segment,) = VideoSegments(dataset, dataset.samples("test"), 3)
    keys = [0, 3, 5, 8, 10]
    assert segment.is_key.nonzero().flatten().tolist() == keys
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


def test_a_stretch_that_begins_between_keyframes_begins_with_one(tmp_path: Path):
    dataset = Gop(tmp_path, [[2, 3, 4, 5, 6]])
    (segment,) = VideoSegments(dataset, dataset.samples("test"), 4)
    assert segment.is_key.tolist() == [True, False, False, True, False]
    assert segment.labels[:, 0, 0].tolist() == [2, 3, 4, 5, 6]


def test_stretches_are_consecutive_labelled_frames_of_one_video(tmp_path: Path):
    dataset = Gop(tmp_path, [[0, 1, 2, 4, 6, 7], [7, 8], [3], list(range(12))])
    wanted = [("0", [0, 1, 2]), ("0", [6, 7]), ("1", [7, 8]), ("3", list(range(12)))]
    assert spans(dataset) == wanted
    shares = [spans(dataset, rank=rank, world=2) for rank in range(2)]
    assert sorted(shares[0] + shares[1]) == wanted


def test_long_ones_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(video_segments, "LONGEST", 5)
    dataset = Gop(tmp_path, [list(range(12))])
    assert [targets for _, targets in spans(dataset)] == [
        *([0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]),
    ]


def test_streets_are_stretches(small_streets: Streets):
    found = VideoSegments(small_streets, small_streets.samples("val"), 5)
    assert [segment.is_key.nonzero().flatten().tolist() for segment in found] == [[0, 5]] * 2
    assert found[0].images.shape == (8, 3, 64, 96)
    assert found[0].motion.shape == (8, 2, 8, 12)
    assert not np.array_equal(found[0].labels, found[1].labels)
