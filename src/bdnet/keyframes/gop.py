"""The codec's own keyframes."""

import sys
from collections.abc import Callable
from typing import ClassVar

from bdnet.keyframes.fixed import Fixed
from bdnet.types import Frame


class Gop(Fixed):
    """The codec's keyframes, one at the head of each group of pictures, and frames without motion.

    A codec's keyframe has motion only if it was searched for.
    """

    chooses_any_frame: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(sys.maxsize)

    def begin(self) -> Callable[[Frame], bool]:
        has_none = super().begin()
        return lambda frame: has_none(frame) or frame.is_key

    def __str__(self) -> str:
        return "the codec's own"
