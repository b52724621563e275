"""The codec's own keyframes."""

from collections.abc import Callable
from typing import ClassVar

from bdnet.keyframes.base import Keyframes
from bdnet.types import Frame


class Gop(Keyframes):
    """Frames without motion, and no others: one at the head of each group of pictures."""

    asks: ClassVar[bool] = False

    def begin(self) -> Callable[[Frame], bool]:
        is_first = True

        def is_key(frame: Frame) -> bool:
            nonlocal is_first
            answer, is_first = is_first or frame.motion is None, False
            return answer

        return is_key

    def __str__(self) -> str:
        return "the codec's own"
