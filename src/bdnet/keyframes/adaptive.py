"""Keyframes where the stream itself says that the last one has worn out."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from bdnet.errors import BdnetError
from bdnet.keyframes.base import Keyframes
from bdnet.motion.accumulation import accumulate
from bdnet.types import CELL, Frame

WayBack = tuple[
    Tensor, Tensor
]  # the field from a frame back to its keyframe, and where it is whole


class Adaptive(Keyframes):
    """A keyframe as soon as the chain of vectors back to the last one has lost too much.

    Both signals come with the vectors and cost no network. At 0 every frame is a keyframe.

    holes:   share of the picture whose way back to the keyframe is broken by a hole: what came
             into view, and what the encoder found no match for
    motion:  mean length of the way back to the keyframe, as a share of the picture's diagonal
    longest: frames, after which a keyframe is due in any case
    """

    def __init__(self, holes: float = 0.15, motion: float = 0.05, longest: int = 30) -> None:
        for name, value in (("holes", holes), ("motion", motion)):
            if not 0 <= value <= 1:
                raise BdnetError(f"keyframe.{name}={value}: a share, from 0 to 1")
        if longest < 1:
            raise BdnetError(f"keyframe.longest={longest}: a keyframe every 1 frame or more")
        self.holes, self.motion, self.longest = holes, motion, longest

    def begin(self) -> Callable[[Frame], bool]:
        last: int | None = None
        back: WayBack | None = None

        def is_key(frame: Frame) -> bool:
            nonlocal last, back
            back = _extended(back, frame)
            is_due = last is None or frame.index - last >= self.longest
            if is_due or back is None or self._is_worn(*back):
                last, back = frame.index, None
            return last == frame.index

        return is_key

    def _is_worn(self, field: Tensor, whole: Tensor) -> bool:
        holes = 1 - float(whole.float().mean())
        moved = float(field.square().sum(0).sqrt().mean())
        diagonal = CELL * math.hypot(*whole.shape)
        # more than the threshold, except that a threshold of nothing is always passed
        return any(
            found > most or not most
            for found, most in ((holes, self.holes), (moved / diagonal, self.motion))
        )

    def __str__(self) -> str:
        return f"adaptive, holes {self.holes:g}, motion {self.motion:g}, longest {self.longest}"


def _extended(back: WayBack | None, frame: Frame) -> WayBack | None:
    """The way back to the keyframe, one frame later; None where the stream starts afresh."""
    if frame.motion is None or frame.valid is None:
        return None
    step = torch.from_numpy(frame.motion), torch.from_numpy(frame.valid)
    if back is None:
        return step
    field, whole = map(torch.stack, zip(back, step, strict=True))
    return accumulate(field, whole)
