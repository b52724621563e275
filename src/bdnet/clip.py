"""The types that cross package borders."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Frame(NamedTuple):
    """One decoded picture and its motion field.

    index:  number of the frame in the file, in display order, from 0
    time:   seconds
    is_key: the codec can start decoding here
    image:  uint8 RGB [H, W, 3], None where the pixels were not asked for
    motion: float32 [2, ceil(H/8), ceil(W/8)], (x, y) in pixels of the frame: the content at p
            came from p + motion in the frame before; None on intra frames
    valid:  bool [ceil(H/8), ceil(W/8)], False where the stream holds no usable vector (motion is
            0 there); None on intra frames
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls on a frame
    time: float
    is_key: bool
    image: NDArray[np.uint8] | None
    motion: NDArray[np.float32] | None
    valid: NDArray[np.bool_] | None
