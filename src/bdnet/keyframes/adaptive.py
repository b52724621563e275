"""Keyframes wherever the motion vectors show that the last keyframe is outdated."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from bdnet.errors import BdnetError
from bdnet.keyframes.base import Keyframes
from bdnet.motion.accumulation import accumulate
from bdnet.types import CELL, Frame

Chain = tuple[Tensor, Tensor]  # field from a frame back to its keyframe, and where it is valid


class Adaptive(Keyframes):
    """A keyframe as soon as the chain of vectors back to the last keyframe has lost too much.

    Both are computed from vectors alone. With a threshold of 0 every frame is a keyframe.

    holes:   share of the picture whose chain has a hole: content that came into view, or that the
             encoder found no match for
    motion:  mean length of the chained vectors, as a share of the picture's diagonal
    longest: frames after which a keyframe is due in any case
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
        chain: Chain | None = None

        def is_key(frame: Frame) -> bool:
            nonlocal last, chain
            chain = _extended(chain, frame)
            is_due = last is None or frame.index - last >= self.longest
            if is_due or chain is None or self._is_outdated(*chain):
                last, chain = frame.index, None
            return last == frame.index

        return is_key

    def _is_outdated(self, field: Tensor, valid: Tensor) -> bool:
        holes = 1 - float(valid.float().mean())
        moved = float(field.square().sum(0).sqrt().mean())
        diagonal = CELL * math.hypot(*valid.shape)
        # above the threshold; one of 0 counts as exceeded
        return any(
            value > limit or not limit
            for value, limit in ((holes, self.holes), (moved / diagonal, self.motion))
        )

    def __str__(self) -> str:
        return f"adaptive, holes {self.holes:g}, motion {self.motion:g}, longest {self.longest}"


def _extended(chain: Chain | None, frame: Frame) -> Chain | None:
    """The chain to the keyframe, one frame later; None at a frame without vectors."""
    if frame.motion is None or frame.valid is None:
        return None
    step = torch.from_numpy(frame.motion), torch.from_numpy(frame.valid)
    if chain is None:
        return step
    motion, valid = map(torch.stack, zip(chain, step, strict=True))
    return accumulate(motion, valid)
