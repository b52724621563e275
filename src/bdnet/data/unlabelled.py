"""Videos without any label, of which the teacher's terms learn."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from bdnet.codec import StreamInfo, describe
from bdnet.codec.errors import encode_command
from bdnet.data.base import VIDEOS, ClipDataset, Sample, Split
from bdnet.data.errors import BadData
from bdnet.data.keyframe_index import MANY
from bdnet.data.transforms import JointTransform


def extra_samples(
    folder: Path | str, dataset: ClipDataset, augmentation: JointTransform | None
) -> list[Sample]:
    """Every frame of every video below a folder, to stand in batches beside the data set's.

    Videos of all sizes fit where the augmentation makes sizes alike, as a crop does; it pads those
    that are smaller.
    """
    videos = videos_below(Path(folder))
    _check_unseen(folder, videos, dataset)
    infos = _clean(folder, videos)
    if augmentation is None or augmentation.size() is None:
        _check_sizes(infos, dataset.samples("train")[0].video)
    return [
        Sample(video, index, None) for video, info in infos.items() for index in range(info.frames)
    ]


def videos_below(folder: Path) -> list[Path]:
    """The videos at any depth below a folder, in a fixed order; hidden ones are left out."""
    if not folder.is_dir():
        raise BadData(
            f"unlabelled_videos={folder} is no folder; put clean streams there (bdnet.encode)"
        )
    found = sorted(_walk(folder))
    if not found:
        raise BadData(
            f"unlabelled_videos={folder}: no video in it ({', '.join(VIDEOS)}); "
            "make some: python -m bdnet.encode"
        )
    return found


def _walk(folder: Path) -> Iterator[Path]:
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # links can lead in circles
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (
            Path(place, name)
            for name in files
            if not name.startswith(".") and Path(name).suffix in VIDEOS
        )


def _check_unseen(folder: Path | str, videos: list[Path], dataset: ClipDataset) -> None:
    evaluated: tuple[Split, ...] = "val", "test"
    for split in evaluated:
        known = {sample.video.resolve() for sample in dataset.samples(split)}
        for video in videos:
            if video.resolve() in known:
                raise BadData(
                    f"unlabelled_videos={folder}: {video} is a video of {split}; "
                    "results would be too good: give a folder without it"
                )


def _clean(folder: Path | str, videos: list[Path]) -> dict[Path, StreamInfo]:
    """What is in each video, if all are clean streams."""
    with ThreadPoolExecutor() as pool:
        found = tqdm(
            pool.map(describe, videos), f"check {folder}", len(videos), unit="video",
            disable=len(videos) < MANY,
        )  # fmt: skip
        infos = dict(zip(videos, found, strict=True))
    bad = [video for video, info in infos.items() if not info.clean]
    if bad:
        raise BadData(
            f"{bad[0]} {infos[bad[0]].problems[0]}; make a clean copy: {encode_command(bad[0])} "
            f"({len(bad)} of the {len(videos)} videos of "
            f"unlabelled_videos={folder} are no clean streams)"
        )
    return infos


def _check_sizes(infos: dict[Path, StreamInfo], size_of: Path) -> None:
    wanted = describe(size_of)
    for video, info in infos.items():
        if (info.height, info.width) != (wanted.height, wanted.width):
            raise BadData(
                f"{video} is {info.height}x{info.width} (height x width), and the labelled video "
                f"{size_of} is {wanted.height}x{wanted.width}: without a crop they do not fit in "
                "one batch; choose one (augmentation@data.augmentation=standard), or videos of "
                "that size"
            )
