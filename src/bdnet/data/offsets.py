"""The offsets at which targets have a keyframe."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from bdnet.data.base import ClipDataset, PlannedVideos, Sample, Split
from bdnet.data.errors import BadData
from bdnet.data.keyframe_index import KeyframeIndex, index_videos

Keyframes = Literal["any", "codec"]
Offsets = Literal["all", "last"]


class OffsetIndex(NamedTuple):
    """Samples, and the offsets at which each has a keyframe; () if there is none.

    errors: by number of a sample, the reason why it cannot be read; its offsets are () too
    """

    samples: list[Sample]
    offsets: list[tuple[int, ...]]
    errors: Mapping[int, str] = MappingProxyType({})

    def only(self, offset: int) -> "OffsetIndex":
        """The same at one offset alone."""
        kept = [tuple({offset} & set(offsets)) for offsets in self.offsets]
        return OffsetIndex(self.samples, kept, self.errors)

    def to_evaluate(
        self, split: str, interval: int, keyframes: Keyframes, every: int
    ) -> dict[int, list[int]]:
        """Numbers of the samples that are evaluated at each offset, every n-th of them.

        They are the same at every offset; with keyframes=codec each offset has its own.
        """
        numbers: dict[int, list[int]] = {offset: [] for offset in range(interval)}
        for number, offsets in enumerate(self.offsets):
            if keyframes == "codec" or len(offsets) == interval:
                for offset in offsets:
                    numbers[offset].append(number)
        for offset in reversed(numbers):
            if not numbers[offset] and all(sample.is_still for sample in self.samples):
                raise BadData(
                    f"interval={interval}: there is nothing before a still; use interval=1"
                )
            if not numbers[offset]:
                raise too_far(split, interval, offset)
        return {offset: chosen[::every] for offset, chosen in numbers.items()}


def index_offsets(
    dataset: ClipDataset,
    samples: list[Sample],
    interval: int,
    keyframes: Keyframes,
    skip: bool = False,
) -> OffsetIndex:
    """Finds the offsets at which these samples have a keyframe.

    skip: collect errors where a file cannot be read, or ends before a sample's frame
    """
    unreadable: dict[Path, str] = {}
    videos = index_videos(
        (sample.video for sample in samples if not sample.is_still),
        dataset.keyframe_cache,
        unreadable if skip else None,
    )
    offsets: list[tuple[int, ...]] = []
    errors: dict[int, str] = {}
    for number, sample in enumerate(samples):
        if sample.is_still:
            offsets.append((0,))
            continue
        video = videos.get(sample.video)
        error = unreadable[sample.video] if video is None else _beyond_end(sample, video)
        if error and not skip:
            raise BadData(error)
        if error:
            errors[number] = error
        offsets.append(
            () if error or video is None else offsets_of(video, sample.target, interval, keyframes)
        )
    return OffsetIndex(samples, offsets, errors)


def offsets_of(
    video: KeyframeIndex, target: int, interval: int, keyframes: Keyframes
) -> tuple[int, ...]:
    """The offsets 0..interval-1 at which a target has a keyframe.

    keyframes: any frame from the codec's keyframe on can be the network's, or only the codec's
    """
    distance = video.distance(target)
    if keyframes == "codec":
        return (distance,) if distance < interval else ()
    return tuple(range(min(distance, interval - 1) + 1))


def _beyond_end(sample: Sample, video: KeyframeIndex) -> str:
    """Why a sample's frame is not in its video; "" where it is."""
    if sample.target < video.frames:
        return ""
    frames = f"has frames 0..{video.frames - 1}" if video.frames else "has no frame"
    need = f"frame {sample.target} is needed"
    if sample.label is not None:
        need = f"{sample.label} labels frame {sample.target}"
    return (
        f"{need}, and {sample.video} {frames}; remove or rename the label, or copy the video again "
        "from its source"
    )


def samples_of(dataset: ClipDataset, split: Split, frame: int | None = None) -> list[Sample]:
    """The samples of a split; at least one.

    frame: only those of this frame of each video
    """
    samples = dataset.samples(split)
    if not samples:
        raise BadData(f"no sample in split {split} of {type(dataset).__name__}")
    samples = [sample for sample in samples if frame in (None, sample.target)]
    if not samples:
        raise BadData(f"labelled_frame={frame}: no training video has a label of that frame")
    return samples


def check_planned(
    planned: PlannedVideos,
    interval: int,
    batch_size: int,
    labelled_frame: int | None,
    keyframes: Keyframes,
) -> None:
    """Refuses settings for which the planned videos have no training clips."""
    if labelled_frame is not None and labelled_frame >= planned.frames:
        raise BadData(
            f"labelled_frame={labelled_frame}: no training video has a label of that frame; they "
            f"have frames 0..{planned.frames - 1}"
        )
    targets: Sequence[int] = range(planned.frames) if labelled_frame is None else [labelled_frame]
    farthest = max(target % planned.keyframe_interval for target in targets)
    if keyframes == "any" and farthest < interval - 1:
        raise too_far("train", interval, interval - 1)
    if batch_size > planned.videos * len(targets):
        raise too_few(batch_size, planned.videos * len(targets))


def too_few(batch_size: int, clips: int) -> BadData:
    return BadData(
        f"batch_size={batch_size}: more than this process has training clips, {clips}; use "
        "more clips or a smaller batch"
    )


def too_far(split: str, interval: int, offset: int) -> BadData:
    return BadData(
        f"interval={interval}: no labelled frame of {split} lies {offset} frames after a codec "
        "keyframe; use a smaller interval, or encode the videos with a longer one "
        "(python -m bdnet.encode)"
    )
