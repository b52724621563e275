"""Whether training clips can be had from videos that are not made yet."""

from collections.abc import Sequence
from typing import NamedTuple

from bdnet.data.errors import BadData


class PlannedVideos(NamedTuple):
    """What a data set's training videos will be.

    videos:  how many
    frames:  of each
    keys:    frames from one of the codec's keyframes to the next
    height:  pixels, as width
    """

    videos: int
    frames: int
    keys: int
    height: int
    width: int

    def check(self, interval: int, batch: int, labelled: int | None, keyframes: str) -> None:
        """Refuses clips that they will not hold; batch is the number of labelled ones in one."""
        if labelled is not None and labelled >= self.frames:
            raise BadData(
                f"labelled_frame={labelled}: no training video has a label of that frame; they "
                f"have frames 0..{self.frames - 1}"
            )
        targets: Sequence[int] = range(self.frames) if labelled is None else [labelled]
        farthest = max(target % self.keys for target in targets)
        if keyframes == "any" and farthest < interval - 1:
            raise too_far("train", interval, interval - 1)
        if batch > self.videos * len(targets):
            raise too_few(batch, self.videos * len(targets))


def too_few(batch: int, clips: int) -> BadData:
    return BadData(
        f"batch_size={batch}: there are only {clips} training clips for this process; use more "
        "clips or a smaller batch"
    )


def too_far(split: str, interval: int, offset: int) -> BadData:
    return BadData(
        f"interval={interval}: no labelled frame of {split} lies {offset} frames after a codec "
        "keyframe; use a smaller interval, or encode the videos with a longer one "
        "(python -m bdnet.encode)"
    )
