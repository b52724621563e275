"""A keyframe every `interval` frames."""

from collections.abc import Callable

from bdnet.errors import BdnetError
from bdnet.keyframes.base import Keyframes
from bdnet.types import Frame


class Fixed(Keyframes):
    """Frames without motion, and those `interval` frames after the last keyframe."""

    def __init__(self, interval: int) -> None:
        if not isinstance(interval, int) or interval < 1:
            raise BdnetError(f"interval={interval}: a keyframe every 1 frame or more")
        self.interval = interval

    def begin(self) -> Callable[[Frame], bool]:
        last: int | None = None

        def is_key(frame: Frame) -> bool:
            nonlocal last
            is_due = last is None or frame.index - last >= self.interval
            if is_due or frame.motion is None:
                last = frame.index
            return last == frame.index

        return is_key

    def __str__(self) -> str:
        return f"every {self.interval}"
