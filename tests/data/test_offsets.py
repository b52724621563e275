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

ENTRY = KeyframeIndex(12, (0, 4, 8))


@pytest.mark.parametrize(
    ("target", "interval", "mode", "wanted"),
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
def test_offsets_go_back_to_the_codecs_keyframe(target, interval, mode, wanted):
    assert offsets_of(ENTRY, target, interval, mode) == wanted


def test_each_sample_has_its_own(small_streets: Streets):
    samples = small_streets.samples("val")
    found = index_offsets(small_streets, samples, 4, "any")
    assert found.samples == samples
    assert [len(each) for each in found.offsets] == [1, 2, 3, 4, 4, 4, 4, 4] * 2


def test_unlabelled_are_all_other_frames_of_the_same_videos(small_streets: Streets):
    labelled = [each for each in small_streets.samples("train") if each.target in (2, 6)]
    found = other_frames(small_streets, labelled)
    assert all(each.label is None for each in found)
    assert {each.video for each in found} == {each.video for each in labelled}
    assert [each.target for each in found] == [0, 1, 3, 4, 5, 7] * 3
    with pytest.raises(BadData, match="unlabelled_batch_size"):
        other_frames(small_streets, small_streets.samples("train"))


def test_unlabelled_batch_sizes_have_their_originals(small_streets: Streets):
    images = [Path(f"{index}.png") for index in range(8)]
    sample = small_streets.samples("train")[0]
    found = other_frames(small_streets, [Sample(sample.video, 0, sample.label, images)])
    assert [each.originals for each in found] == [images] * 7


@settings(max_examples=80, deadline=None)
@given(
    frames=st.integers(1, 30), target=st.integers(0, 29), interval=st.integers(1, 12),
    keys=st.sets(st.integers(0, 29)), mode=st.sampled_from(["any", "codec"]),
)  # fmt: skip
def test_offsets_never_cross_a_keyframe(frames, target, interval, keys, mode):
    entry = KeyframeIndex(frames, tuple(sorted(keys | {0})))
    found = offsets_of(entry, target, interval, mode)
    assert all(0 <= each < interval for each in found)
    for offset in found:
        first = target - offset
        assert first >= 0
        assert not any(first < key <= target for key in entry.keys)  # it has no vectors
        assert mode == "any" or first in entry.keys
    if mode == "any":
        assert found[0] == 0
        assert found == tuple(range(len(found)))


@pytest.mark.parametrize(
    "content", ["[]", "{", "7", '{"%s": 3}', '{"%s": [[1, 2], "x", []]}', '{"%s": [[1], 2, ["k"]]}']
)
def test_a_torn_store_is_read_again(content: str, make_video, tmp_path: Path):
    video, store = make_video(frames=6), tmp_path / "store.json"
    store.write_text(content.replace("%s", str(video)))
    assert index_videos([video], store)[video] == KeyframeIndex(6, (0,))
