"""Which frames carry pixels, and what the decoder may therefore leave undone."""

from collections.abc import Callable, Collection, Iterator
from typing import Literal

from bdnet.codec.decoder import Skip
from bdnet.codec.index import StreamIndex

Pixels = Literal["key", "all", "none"] | Collection[int]
SKIPS = {"key": Skip.OTHER_THAN_KEY, "all": Skip.NOTHING, "none": Skip.ALL}


def likely_skip(pixels: Pixels) -> Skip:
    """What the first frames that are read will most likely need: one decoder then does for all."""
    if isinstance(pixels, str):
        return SKIPS[pixels]
    return Skip.NOTHING if pixels else Skip.OTHER_THAN_KEY


def wants(pixels: str | frozenset[int]) -> Callable[[int, bool], bool]:
    """Whether a frame's pixels are wanted, by its index and whether it is a key."""
    if not isinstance(pixels, str):
        return lambda index, _: index in pixels
    return lambda _, is_key: pixels == "all" or (pixels == "key" and is_key)


def runs(
    index: StreamIndex, first: int, last: int, wanted: frozenset[int]
) -> Iterator[tuple[int, int, Skip]]:
    """Cuts first..last where whole groups of pictures can do without unwanted pixels.

    A P-frame's pixels need those of every frame before it in its group, so such a group is decoded
    whole; so is everything in open groups, or in a file without time stamps.
    """
    if index.has_b or index.stamps is None or not index.is_key[0]:
        yield first, last, Skip.NOTHING
        return
    inner = {each for each in wanted if first <= each <= last and not index.is_key[each]}
    whole = {index.key_before(each) for each in inner}
    keys = index.keys[(index.keys > first) & (index.keys <= last)].tolist()
    begin = first
    for key, following in zip([index.key_before(first), *keys], [*keys, None], strict=True):
        if following is not None and (key in whole) == (following in whole):
            continue
        end = last if following is None else following - 1
        yield begin, end, Skip.NOTHING if key in whole else Skip.OTHER_THAN_KEY
        begin = end + 1
