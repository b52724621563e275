"""From which keyframes targets can be reached."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bdnet.data.base import Sample
from bdnet.data.errors import BadData
from bdnet.data.keyframe_index import KeyframeIndex, index_videos
from bdnet.data.offsets import index_offsets, offsets_of
from bdnet.data.streets.dataset import Streets
from bdnet.data.unlabelled import other_frames

VIDEO = KeyframeIndex(12, (0, 4, 8))


@pytest.mark.parametrize(
    ("target", "interval", "keyframes", "expected"),
    [
        (6, 3, "any", (0, 1, 2)),
        (6, 5, "any", (0, 1, 2)),
        (4, 5, "any", (0,)),
        (3, 2, "any", (0, 1)),
        (6, 3, "codec", (2,)),
        (6, 2, "codec", ()),
        (8, 1, "codec", (0,)),
    ],
)
def test_offsets_go_back_to_the_codecs_keyframe(target, interval, keyframes, expected):
    assert offsets_of(VIDEO, target, interval, keyframes) == expected


def test_each_sample_has_its_own(small_streets: Streets):
    samples = small_streets.samples("val")
    index = index_offsets(small_streets, samples, 4, "any")
    assert index.samples == samples
    assert [len(offsets) for offsets in index.offsets] == [1, 2, 3, 4, 4, 4, 4, 4] * 2


def test_unlabelled_are_all_other_frames_of_the_same_videos(small_streets: Streets):
    labelled = [frame for frame in small_streets.samples("train") if frame.target in (2, 6)]
    frames = other_frames(small_streets, labelled)
    assert all(frame.label is None for frame in frames)
    assert {frame.video for frame in frames} == {frame.video for frame in labelled}
    assert [frame.target for frame in frames] == [0, 1, 3, 4, 5, 7] * 3
    with pytest.raises(BadData, match="unlabelled_batch_size"):
        other_frames(small_streets, small_streets.samples("train"))


def test_unlabelled_frames_have_their_originals(small_streets: Streets):
    images = [Path(f"{index}.png") for index in range(8)]
    sample = small_streets.samples("train")[0]
    frames = other_frames(small_streets, [Sample(sample.video, 0, sample.label, images)])
    assert [frame.originals for frame in frames] == [images] * 7


@settings(max_examples=80, deadline=None)
@given(
    frames=st.integers(1, 30), target=st.integers(0, 29), interval=st.integers(1, 12),
    keys=st.sets(st.integers(0, 29)), keyframes=st.sampled_from(["any", "codec"]),
)  # fmt: skip
def test_offsets_never_cross_a_keyframe(frames, target, interval, keys, keyframes):
    video = KeyframeIndex(frames, tuple(sorted(keys | {0})))
    offsets = offsets_of(video, target, interval, keyframes)
    assert all(0 <= offset < interval for offset in offsets)
    for offset in offsets:
        first = target - offset
        assert first >= 0
        assert not any(first < key <= target for key in video.keys)  # it has no vectors
        assert keyframes == "any" or first in video.keys
    if keyframes == "any":
        assert offsets[0] == 0
        assert offsets == tuple(range(len(offsets)))


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{",
        "7",
        '{"%s": 3}',
        '{"%s": [1, 2, "x"]}',
        '{"%s": [1, 2]}',
        '{"%s": [[1, 2], 6, [0]]}',
    ],
)
def test_a_torn_cache_is_read_again(content: str, make_video, tmp_path: Path):
    video, store = make_video(frames=6), tmp_path / "store.json"
    store.write_text(content.replace("%s", str(video)))
    assert index_videos([video], store)[video] == KeyframeIndex(6, (0,))
