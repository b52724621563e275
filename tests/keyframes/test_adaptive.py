"""Keyframes where the stream says that the last one has worn out."""

import pytest
from frames import asked, frame

from bdnet.errors import BdnetError
from bdnet.keyframes.adaptive import Adaptive


def test_a_still_picture_needs_none_but_the_longest():
    frames = [frame(index) for index in range(20)]
    assert asked(Adaptive(longest=8), frames) == [0, 8, 16]


@pytest.mark.parametrize(("pixels", "step"), [(1.0, 9), (2.0, 5), (4.0, 3), (9.0, 1)])
def test_motion_counts_as_far_as_it_has_come(pixels: float, step: int):
    """The first frame that is more than 8 pixels, a tenth of the diagonal, from its keyframe."""
    frames = [frame(index, pixels) for index in range(20)]
    assert asked(Adaptive(holes=1.0, motion=0.1), frames) == list(range(0, 20, step))


def test_motion_that_comes_back_is_none():
    frames = [frame(index, 3.0 if index % 2 else -3.0) for index in range(20)]
    assert asked(Adaptive(holes=1.0, motion=0.1), frames) == [0]


def test_holes_add_up_along_the_chain():
    # 3 of 48 cells, and each time one more whose way leads through them
    frames = [frame(index, 8.0, holes=3) for index in range(9)]
    rule = Adaptive(holes=0.1, motion=1.0)
    assert asked(rule, frames) == [0, 3, 6]
    assert asked(Adaptive(holes=0.05, motion=1.0), frames) == list(range(9))
    # at rest they stay the same cells
    assert asked(rule, [frame(index, 0.0, holes=3) for index in range(9)]) == [0]


def test_a_new_group_of_pictures_is_a_new_chain():
    frames = [frame(index, 2.0, is_intra=index == 4) for index in range(12)]
    assert asked(Adaptive(holes=1.0, motion=0.1), frames) == [0, 4, 9]


def test_nothing_is_tolerated_at_zero():
    frames = [frame(index) for index in range(4)]
    assert asked(Adaptive(holes=0.0), frames) == [0, 1, 2, 3]
    assert asked(Adaptive(motion=0.0), frames) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"holes": 1.5}, r"keyframe\.holes=1\.5"),
        ({"motion": -0.1}, r"keyframe\.motion=-0\.1"),
        ({"longest": 0}, r"keyframe\.longest=0"),
    ],
)
def test_thresholds_that_mean_nothing_are_refused(settings, message):
    with pytest.raises(BdnetError, match=message):
        Adaptive(**settings)
