"""Which frame a frame's past vectors refer to."""

from collections import deque

MEMORY = 32  # frames; H.264 keeps at most 16 references


class ReferenceTracker:
    """Follows frames in display order and tells how far back each one's nearest reference lies.

    In a clean stream that is 1 throughout. Otherwise libavcodec does not export which reference a
    vector means, and the nearest reference that was decoded before the frame is the best guess:

        display   I0  B1  B2  B3  P4         B2 is a reference itself
        distance      1   2   1   4
    """

    def __init__(self) -> None:
        self._references: deque[tuple[int, int]] = deque(maxlen=MEMORY)

    def distance(self, index: int, packet: int, is_reference: bool) -> int:
        """Frames back to the reference of frame `index`, which was decoded as number `packet`."""
        nearest = max(
            (shown for shown, decoded in self._references if decoded < packet), default=index - 1
        )
        if is_reference:
            self._references.append((index, packet))
        return index - nearest
