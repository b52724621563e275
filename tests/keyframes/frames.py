"""Frames of known motion, and the keyframes that a rule takes of them."""

import numpy as np

from bdnet.keyframes.base import Keyframes
from bdnet.types import Frame

GRID = (6, 8)  # cells: a diagonal of 80 pixels


def frame(index: int, pixels: float = 0.0, holes: int = 0, is_intra: bool = False) -> Frame:
    """A frame whose every cell came from `pixels` to the left, but for so many holes in a row."""
    if is_intra:
        return Frame(index, 0.0, True, None, None, None)
    motion = np.zeros((2, *GRID), np.float32)
    motion[0] = -pixels
    valid = np.ones(GRID, np.bool_)
    valid.reshape(-1)[:holes] = False
    return Frame(index, 0.0, False, None, motion * valid, valid)


def asked(rule: Keyframes, frames: list[Frame]) -> list[int]:
    is_key = rule.begin()
    return [frame.index for frame in frames if is_key(frame)]
