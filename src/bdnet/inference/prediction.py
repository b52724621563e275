"""Segments videos into overlay films and label images; summary.json reports on each video."""

import sys
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig
from tqdm import tqdm

from bdnet.codec import VideoReader
from bdnet.codec.problems import is_of_vectors
from bdnet.codec.search import check_motion
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.live import Latency
from bdnet.inference.accelerate.video import Video
from bdnet.inference.many_videos import (
    Task,
    VideoReport,
    find_videos,
    settings_of,
    work_on_each,
)
from bdnet.inference.outputs import LabelImages, Output, OverlayFilm, uninterrupted
from bdnet.inference.predictor import Predictor, predictor_of
from bdnet.inference.streaming import FrameImages, Segmentations
from bdnet.models.precision import check_precision
from bdnet.reports.pictures.file import save
from bdnet.reports.pictures.lettering import legend
from bdnet.system.shards import exclusive_shard, shard_of


def predict_all(config: DictConfig) -> None:
    """Segments every video that matches; a video that fails does not stop the others.

    The same command again goes on with the first video that is not complete, from its first frame.
    """
    if not (config.overlay or config.labels):
        raise BdnetError("overlay=false labels=false: nothing to write; set one of them to true")
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    check_precision(config.precision)
    check_motion(config.motion, config.search)
    shard = shard_of(config.shard, config.shards)
    videos, output = find_videos(config.video), Path(config.output)
    predictor = predictor_of(config, videos.values())
    task = Task(videos, output, predictor.facts, settings_of(config), config.overwrite)

    def work(name: Path, video: str, report: VideoReport) -> None:
        _predict(video, output / name, predictor, config, report)

    values = label_values(config.ids, predictor.classes)
    with exclusive_shard(output, shard, "; or choose another output"):
        save(legend(predictor.classes, 640), output / "legend.png")
        predictor.classes.write(output / "classes.yaml", values)
        failed = work_on_each(task, shard, work)["failed"]
    if failed:
        sys.exit("\n".join(f"failed: {reason}" for reason in failed.values()))


def label_values(ids: str, classes: Classes) -> NDArray[np.uint8] | None:
    """The value of each class number in label images, [256]; None: the number itself."""
    if ids == "class":
        return None
    if classes.stored is None:
        raise BdnetError(
            "ids=stored: this run's label images hold the class numbers themselves; use ids=class"
        )
    return classes.values()


def _predict(
    video: str,
    stem: Path,
    predictor: Predictor,
    config: DictConfig,
    report: VideoReport,
) -> None:
    """Segments one video into STEM.overlay.mp4 and STEM.labels, and fills in its report."""
    images: FrameImages = "all" if config.overlay else "read"
    outputs: list[Output] = []
    with predictor.open(video, images) as stream:
        reader = stream.reader
        if config.overlay:
            outputs.append(OverlayFilm(stem, reader.fps, predictor.classes, config.legend))
        if config.labels:
            outputs.append(LabelImages(stem, label_values(config.ids, predictor.classes)))
        try:
            with ExitStack() as stack:
                for output in outputs:
                    stack.enter_context(output)
                _write_frames(stream, outputs, config.frames, report)
            report["is_complete"] = True
        finally:
            report["motion"] = reader.source_of_motion
            if isinstance(stream, Video) and stream.latency is not None:
                report["latency_seconds"] = stream.latency._asdict()
            report["share_without_vectors"] = round(reader.hole_share, 4)
            report["seconds"] = {name: round(value, 4) for name, value in report["seconds"].items()}
            report["damaged_frames"] = list(reader.corrupt)
            report["problems"] = list(reader.problems)
            report["files"] = [str(output.result) for output in outputs if output.result]
            if report["files"]:
                _print_summary(video, report)


def _write_frames(
    stream: Segmentations, outputs: list[Output], frames: int | None, report: VideoReport
) -> None:
    """Writes and counts frames; the report is right after an interrupt at any time."""
    seconds = {"decode": 0.0, "network": 0.0, "write": 0.0, "total": 0.0}
    report |= {"is_complete": False, "frames": 0, "keyframes": 0, "seconds": seconds}
    begin = time.perf_counter()
    name, total = Path(stream.reader.path).name, _frame_count(stream.reader, frames)
    with tqdm(islice(stream, frames), name, total, unit="frame") as bar:
        for segmentation in bar:
            with uninterrupted():
                start = time.perf_counter()
                for output in outputs:
                    output.write(segmentation)
                seconds["write"] += time.perf_counter() - start
                seconds["decode"] += segmentation.seconds.decode
                seconds["network"] += segmentation.seconds.network
                seconds["total"] = time.perf_counter() - begin
                report["frames"] += 1
                report["keyframes"] += segmentation.is_key
                report["frames_per_second"] = round(report["frames"] / seconds["total"], 2)


def _frame_count(reader: VideoReader, frames: int | None) -> int | None:
    """How many frames there will be, for the progress bar; None where nothing says so."""
    if not Path(reader.path).is_file() or not reader.has_index:
        return frames
    return len(reader) if frames is None else min(frames, len(reader))


def _print_summary(video: str, report: VideoReport) -> None:
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in report["seconds"].items())
    begin = "" if report["is_complete"] else "interrupted after "
    latency = ""
    if "latency_seconds" in report:
        latency = f", latency {Latency(**report['latency_seconds'])}"
    print(
        f"{video}: {begin}{report['frames']} frames, {report['keyframes']} of them keyframes, "
        f"{report['frames_per_second']:.1f} frames/s ({seconds}), motion: {report['motion']}"
        f"{latency} -> {', '.join(report['files'])}"
    )
    if share := report["share_without_vectors"]:
        print(f"  {100 * share:.1f} % of the picture had no usable vector")
    if damaged := report["damaged_frames"]:
        print(f"  damaged frames: {len(damaged)}, the first is {damaged[0]}")
    for problem in report["problems"]:
        remedy = "; motion=search finds better vectors" if is_of_vectors(problem) else ""
        print(f"  {problem}{remedy}")
