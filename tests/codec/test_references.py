"""The nearest reference of each frame, in the structures that encoders make."""

import pytest

from bdnet.codec.frames import ReferenceTracker


def distances(frames: list[tuple[int, bool]]) -> list[int]:
    """Of (number in decoding order, is a reference) in display order."""
    tracker = ReferenceTracker()
    return [
        tracker.distance(index, packet, is_reference)
        for index, (packet, is_reference) in enumerate(frames)
    ]


@pytest.mark.parametrize(
    ("frames", "wanted"),
    [
        # I0 P1 P2 P3
        ([(0, True), (1, True), (2, True), (3, True)], [1, 1, 1, 1]),
        # I0 B1 B2 B3 P4, B2 a reference itself: the example of the class
        ([(0, True), (3, False), (2, True), (4, False), (1, True)], [1, 1, 2, 1, 4]),
        # I0 B1 B2 P3 B4 B5 P6, no pyramid
        (
            [(0, True), (2, False), (3, False), (1, True), (5, False), (6, False), (4, True)],
            [1, 1, 2, 3, 1, 2, 3],
        ),
        # a P-frame that nobody refers to
        ([(0, True), (1, False), (2, True), (3, True)], [1, 1, 2, 1]),
    ],
)
def test_distances(frames, wanted) -> None:
    assert distances(frames) == wanted


def test_a_long_video_needs_no_more_memory() -> None:
    tracker = ReferenceTracker()
    assert all(tracker.distance(index, index, True) == 1 for index in range(10_000))
    assert len(tracker._references) <= 32


def test_a_run_that_starts_late_begins_with_the_frame_before() -> None:
    assert ReferenceTracker().distance(120, 0, True) == 1
