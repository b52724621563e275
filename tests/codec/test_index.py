"""The order of frames, from packets alone."""

import numpy as np
import pytest

from bdnet.codec import VideoReader
from bdnet.codec.index import read_index
from videos import Pan, h264

B_FRAMES = h264("b-adapt=0:b-pyramid=none", bf="3")


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_display_order_of_b_frames(make_video, container) -> None:
    path = make_video(scene=Pan((1.0, 1.0)), frames=9, container=container, **B_FRAMES)
    index = read_index(path)
    assert len(index) == 9
    assert index.has_b
    assert sorted(index.packets) == list(range(9))
    assert index.packets.tolist()[:5] == [0, 2, 3, 4, 1]
    assert (np.diff(index.stamps) > 0).all()
    assert index.keys.tolist() == [0]


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "h264"])
def test_keys_of_a_clean_stream(make_video, container) -> None:
    path = make_video(scene=Pan((1.0, 1.0)), container=container)
    index = read_index(path)
    assert index.keys.tolist() == [0, 12, 24]
    assert [index.key_before(frame) for frame in (0, 11, 12, 13, 23, 24)] == [0, 0, 12, 12, 12, 24]
    assert not index.has_b
    assert not index.is_unused.any()
    assert index.missing == 0
    assert index.damage is None
    assert (index.stamps is None) == (container == "h264")


def test_stamps_are_the_times_that_are_read(make_video) -> None:
    stamps = (0, 4, 8, 15, 16, 40, 44)
    path = make_video(scene=Pan((1.0, 1.0)), frames=7, stamps=stamps)
    with VideoReader(path) as reader:
        times = [frame.time for frame in reader]
        assert [frame.time for frame in reader.clip(6, 2)] == times[4:]
    np.testing.assert_allclose(times, np.array(stamps) / 100, atol=1e-3)
    assert read_index(path).variable_rate


@pytest.mark.parametrize("stamps", [None, (0, 4, 8, 12, 16, 20, 24)])
def test_even_stamps_are_a_constant_rate(make_video, stamps) -> None:
    assert not read_index(make_video(frames=7, stamps=stamps)).variable_rate
