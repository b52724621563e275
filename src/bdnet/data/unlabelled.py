"""Unlabelled frames, for the loss terms of the teacher."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from bdnet.codec import StreamInfo, describe
from bdnet.codec.errors import encode_command
from bdnet.data.base import VIDEOS, ClipDataset, Sample, Split, all_frames, is_video
from bdnet.data.errors import BadData
from bdnet.data.keyframe_index import MANY, index_videos
from bdnet.data.transforms import JointTransform


def other_frames(dataset: ClipDataset, samples: list[Sample]) -> list[Sample]:
    """The frames without label in the videos of some labelled samples; at least one."""
    labelled = {(sample.video, sample.target) for sample in samples}
    originals = {sample.video: sample.originals for sample in samples}
    frames = [
        frame
        for video, index in index_videos(originals, dataset.keyframe_cache).items()
        for frame in all_frames(video, index.frames, originals[video])
        if (video, frame.target) not in labelled
    ]
    if not frames:
        raise BadData(
            "unlabelled_batch_size: every frame of the training videos has a label; use 0, or give "
            "other videos in unlabelled_videos"
        )
    return frames


def frames_below(
    folder: Path | str, dataset: ClipDataset, augmentation: JointTransform | None
) -> list[Sample]:
    """Every frame of every video below a folder, for the unlabelled part of batches.

    Videos may have any size if the augmentation gives all clips one size, as a crop does, which
    pads smaller pictures.
    """
    videos = videos_below(Path(folder))
    _check_unseen(folder, videos, dataset)
    infos = _describe_clean(folder, videos)
    if augmentation is None or not augmentation.fixes_size:
        _check_sizes(infos, dataset.samples("train")[0].video)
    return [frame for video in videos for frame in all_frames(video, infos[video].frames)]


def videos_below(folder: Path) -> list[Path]:
    """The videos at any depth below a folder, in a fixed order; hidden ones are left out."""
    if not folder.is_dir():
        raise BadData(
            f"unlabelled_videos={folder} is no folder; put clean streams there (bdnet.encode)"
        )
    videos = sorted(_walk(folder))
    if not videos:
        raise BadData(
            f"unlabelled_videos={folder}: no video in it ({', '.join(VIDEOS)}), at any depth; make "
            "some: python -m bdnet.encode"
        )
    return videos


def _walk(folder: Path) -> Iterator[Path]:
    visited = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in visited:  # links can lead in circles
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in files if is_video(name))


def _check_unseen(folder: Path | str, videos: list[Path], dataset: ClipDataset) -> None:
    evaluated: tuple[Split, ...] = "val", "test"
    for split in evaluated:
        known = {sample.video.resolve() for sample in dataset.samples(split)}
        for video in videos:
            if video.resolve() in known:
                raise BadData(
                    f"unlabelled_videos={folder}: {video} is a video of {split}; results would be "
                    "too good: give a folder without it"
                )


def _describe_clean(folder: Path | str, videos: list[Path]) -> dict[Path, StreamInfo]:
    """The description of each video, if all are clean streams."""
    with ThreadPoolExecutor() as pool:
        results = tqdm(
            pool.map(describe, videos), f"check {folder}", len(videos), unit="video",
            disable=len(videos) < MANY,
        )  # fmt: skip
        infos = dict(zip(videos, results, strict=True))
    bad = [video for video, info in infos.items() if not info.clean]
    if bad:
        raise BadData(
            f"{bad[0]} {infos[bad[0]].problems[0]}; make a clean copy: {encode_command(bad[0])} "
            f"({len(bad)} of the {len(videos)} videos of unlabelled_videos={folder} are no clean "
            "streams)"
        )
    return infos


def _check_sizes(infos: dict[Path, StreamInfo], labelled_video: Path) -> None:
    wanted = describe(labelled_video)
    for video, info in infos.items():
        if (info.height, info.width) != (wanted.height, wanted.width):
            raise BadData(
                f"{video} is {info.height}x{info.width} (height x width), and the labelled video "
                f"{labelled_video} is {wanted.height}x{wanted.width}: without a crop they do not "
                "fit in one batch; choose one (augmentation@data.augmentation=standard), or videos "
                "of that size"
            )
