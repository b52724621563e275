"""A keyframe every so many frames."""

import pytest
from frames import asked, frame

from bdnet.errors import BdnetError
from bdnet.keyframes.fixed import Fixed


def test_keyframes_come_after_the_interval_and_where_the_stream_starts_afresh():
    frames = [frame(index, is_intra=index in (0, 6)) for index in range(12)]
    assert asked(Fixed(4), frames) == [0, 4, 6, 10]
    assert asked(Fixed(1), frames) == list(range(12))
    assert asked(Fixed(99), frames) == [0, 6]


def test_frames_may_be_missing():
    frames = [frame(index) for index in (2, 3, 4, 9, 10)]
    assert asked(Fixed(4), frames) == [2, 9]


def test_each_video_begins_anew():
    rule = Fixed(3)
    assert asked(rule, [frame(0), frame(1)]) == asked(rule, [frame(0), frame(1)]) == [0]


@pytest.mark.parametrize("interval", [0, -1, "often", 2.5])
def test_what_is_no_number_of_frames_is_refused(interval):
    with pytest.raises(BdnetError, match=f"interval={interval}"):
        Fixed(interval)
