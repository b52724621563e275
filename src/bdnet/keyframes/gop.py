"""The codec's own keyframes."""

import sys
from typing import ClassVar

from bdnet.keyframes.fixed import Fixed


class Gop(Fixed):
    """Frames without motion, and no others: one at the head of each group of pictures."""

    chooses_any_frame: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(sys.maxsize)

    def __str__(self) -> str:
        return "the codec's own"
