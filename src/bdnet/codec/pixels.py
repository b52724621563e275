"""Which frames get pixels, and which pixels the decoder can therefore skip."""

from collections.abc import Callable, Collection, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bdnet.codec.decoded import Skip
from bdnet.codec.index import StreamIndex
from bdnet.types import Frame

Wants = Callable[[Frame], bool]  # whether a frame, which has no image yet, gets one
Image = NDArray[np.uint8]  # RGB [H, W, 3]
Pixels = Literal["key", "intra", "all", "none"] | Collection[int] | Wants
SKIPS = {
    "key": Skip.OTHER_THAN_KEY,
    "intra": Skip.OTHER_THAN_INTRA,
    "all": Skip.NOTHING,
    "none": Skip.ALL,
}
RULES: dict[str, Wants] = {
    "key": lambda frame: frame.is_key,
    "intra": lambda frame: frame.is_key or frame.motion is None,
    "all": lambda _: True,
    "none": lambda _: False,
}


def likely_skip(pixels: Pixels) -> Skip:
    """The kind of skipping that the first frames will most likely need."""
    if isinstance(pixels, str):
        return SKIPS[pixels]
    return Skip.NOTHING if callable(pixels) or pixels else Skip.OTHER_THAN_KEY


def wants(pixels: Pixels) -> Wants:
    """The rule for a choice of pixels."""
    if isinstance(pixels, str):
        return RULES[pixels]
    if callable(pixels):
        return pixels
    numbers = frozenset(pixels)
    return lambda frame: frame.index in numbers


def runs(
    index: StreamIndex, first: int, last: int, pixels: Pixels
) -> Iterator[tuple[int, int, Skip]]:
    """Splits first..last into runs (first, last, skip) that decode no more pixels than they need.

    A P-frame's pixels need those of every frame before it in its group, so such a group is decoded
    whole; so is everything in open groups, or in a file without time stamps.
    """
    if isinstance(pixels, str) or callable(pixels):
        yield first, last, likely_skip(pixels)
        return
    if index.has_b or index.stamps is None or not index.is_key[0]:
        yield first, last, Skip.NOTHING
        return
    inner = {frame for frame in pixels if first <= frame <= last and not index.is_key[frame]}
    whole = {index.key_before(frame) for frame in inner}
    keys = index.keys[(index.keys > first) & (index.keys <= last)].tolist()
    begin = first
    for key, following in zip([index.key_before(first), *keys], [*keys, None], strict=True):
        if following is not None and (key in whole) == (following in whole):
            continue
        end = last if following is None else following - 1
        yield begin, end, Skip.NOTHING if key in whole else Skip.OTHER_THAN_KEY
        begin = end + 1
