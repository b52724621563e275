"""From which keyframes a data set's targets can be reached."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.data.errors import BadData
from bdnet.data.keyframe_index import KeyframeIndex, index_videos
from bdnet.data.planned import too_far

Keyframes = Literal["any", "codec"]
Offsets = Literal["all", "last"]


class OffsetIndex(NamedTuple):
    """Samples, and of each the offsets at which it has a keyframe; () where there is none.

    bad: by a sample's place, why it cannot be read; its offsets are () too
    """

    samples: list[Sample]
    offsets: list[tuple[int, ...]]
    bad: Mapping[int, str] = MappingProxyType({})

    def last(self, interval: int) -> "OffsetIndex":
        """The same at offset interval-1 alone."""
        kept = [tuple(each for each in some if each == interval - 1) for some in self.offsets]
        return OffsetIndex(self.samples, kept, self.bad)


def index_offsets(
    dataset: ClipDataset,
    samples: list[Sample],
    interval: int,
    keyframes: Keyframes,
    skips: bool = False,
) -> OffsetIndex:
    """From which keyframes these samples can be reached.

    skips: keep on where a file cannot be read, or ends before a sample's frame
    """
    torn: dict[Path, str] = {}
    entries = index_videos(
        (sample.video for sample in samples), dataset.keyframe_cache, torn if skips else None
    )
    found: list[tuple[int, ...]] = []
    bad: dict[int, str] = {}
    for place, each in enumerate(samples):
        entry = entries.get(each.video)
        problem = torn[each.video] if entry is None else _beyond(each, entry)
        if problem and not skips:
            raise BadData(problem)
        if problem or entry is None:
            bad[place] = problem
            found.append(())
        else:
            found.append(offsets(entry, each.target, interval, keyframes))
    return OffsetIndex(samples, found, bad)


def _beyond(sample: Sample, entry: KeyframeIndex) -> str:
    """What is wrong with a sample behind the end of its video; "" where it lies within."""
    if sample.target < entry.frames:
        return ""
    has = f"has frames 0..{entry.frames - 1}" if entry.frames else "has none"
    what = f"{sample.label} labels" if sample.label is not None else "wanted is"
    return (
        f"{what} frame {sample.target}, and {sample.video} {has}; remove it, name it after its "
        "frame, or copy the video again from its source"
    )


def samples_of(dataset: ClipDataset, split: Split, only: int | None = None) -> list[Sample]:
    """The samples of a split; at least one.

    only: those of this frame of each video
    """
    found = dataset.samples(split)
    if not found:
        raise BadData(f"no sample in split {split} of {type(dataset).__name__}")
    found = [each for each in found if only in (None, each.target)]
    if not found:
        raise BadData(f"labelled_frame={only}: no training video has a label of that frame")
    return found


def offsets(
    entry: KeyframeIndex, target: int, interval: int, keyframes: Keyframes
) -> tuple[int, ...]:
    """The offsets 0..interval-1 at which a target has a keyframe.

    any: each frame back to the codec's keyframe can be the network's; codec: only that one.
    """
    distance = entry.distance(target)
    if keyframes == "codec":
        return (distance,) if distance < interval else ()
    return tuple(range(min(distance, interval - 1) + 1))


def unlabelled(dataset: ClipDataset, samples: list[Sample], count: int) -> list[Sample]:
    """The frames without label of the videos of some labelled samples; at least one.

    count: of them in each batch
    """
    labelled = {(sample.video, sample.target) for sample in samples}
    originals = {sample.video: sample.originals for sample in samples}
    found = [
        Sample(video, index, None, originals[video])
        for video, entry in index_videos(originals, dataset.keyframe_cache).items()
        for index in range(entry.frames)
        if (video, index) not in labelled
    ]
    if not found:
        raise BadData(
            f"unlabelled_batch_size={count}: every frame of the training videos has a label; say "
            "unlabelled_batch_size=0, or give unlabelled_videos=FOLDER"
        )
    return found


def by_offset(
    found: OffsetIndex, split: str, interval: int, keyframes: Keyframes, evaluate_every: int
) -> dict[int, list[int]]:
    """Every n-th of the samples that are evaluated, by offset.

    They are the same at every offset; with keyframes=codec a sample has one offset, and each
    offset its own samples.
    """
    chosen: dict[int, list[int]] = {offset: [] for offset in range(interval)}
    for place, each in enumerate(found.offsets):
        if keyframes == "codec" or len(each) == interval:
            for offset in each:
                chosen[offset].append(place)
    chosen = {offset: places[::evaluate_every] for offset, places in chosen.items()}
    lacking = [offset for offset, places in chosen.items() if not places]
    if lacking:
        raise too_far(split, interval, lacking[-1])
    return chosen
