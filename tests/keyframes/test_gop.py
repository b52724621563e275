"""The codec's own keyframes."""

from frames import asked, frame

from bdnet.keyframes.gop import Gop


def test_keyframes_are_the_first_frame_and_those_without_motion():
    frames = [frame(index, is_intra=index in (4, 5, 9)) for index in range(2, 12)]
    assert asked(Gop(), frames) == [2, 4, 5, 9]
    assert asked(Gop(), frames[1:]) == [3, 4, 5, 9]
    assert not Gop.chooses_any_frame
