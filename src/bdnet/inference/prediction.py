"""Segments videos into overlay films and label images; summary.json reports on each video."""

import sys
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import torch
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf
from torch import nn
from tqdm import tqdm

from bdnet.codec import VideoReader
from bdnet.codec.errors import encode_command
from bdnet.codec.sources import find_sources
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.network import Network, load
from bdnet.inference.outputs import LabelImages, Output, OverlayFilm, uninterrupted
from bdnet.inference.streaming import FrameImages, Stream
from bdnet.keyframes.base import Keyframes
from bdnet.keyframes.fixed import Fixed
from bdnet.models.for_inference import for_inference
from bdnet.models.precision import check_precision
from bdnet.reports.pictures.file import save
from bdnet.reports.pictures.lettering import legend
from bdnet.system.files import write_json

VideoReport = dict[str, Any]  # of one video in summary.json


def predict_all(config: DictConfig) -> None:
    """Segments every video that matches; a video that fails does not stop the others."""
    if not (config.overlay or config.labels):
        raise BdnetError("overlay=false labels=false: nothing to write; say true to one of them")
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    check_precision(config.precision)
    videos, output = find_videos(config.video), Path(config.output)
    trained = load(config.run, config.checkpoint)
    values = label_values(config.ids, trained.classes)
    keyframes = keyframe_rule(config, trained)
    trained = trained._replace(model=for_inference(trained.model))
    device = _to_device(trained.model, config.device)
    save(legend(trained.classes, 640), output / "legend.png")
    trained.classes.write(output / "classes.yaml", values)
    summary: VideoReport = {
        "run": trained.name,
        "checkpoint": config.checkpoint,
        "keyframes": str(keyframes),
        "device": device,
        "videos": {},
        "failed": {},
    }
    try:
        for name, video in videos.items():
            report: VideoReport = {}
            summary["videos"][video] = report
            try:
                _predict(video, output / name, trained, keyframes, config, report)
            except (BdnetError, OSError) as error:
                summary["failed"][video] = str(error)
                del summary["videos"][video]
    finally:  # after an interrupt too
        write_json(output / "summary.json", summary)
    if summary["failed"]:
        sys.exit("\n".join(f"failed: {reason}" for reason in summary["failed"].values()))


def find_videos(pattern: str) -> dict[Path, str]:
    """The videos that match, by the name of their results below the output folder."""
    if "://" in pattern:
        return {Path(Path(urlsplit(pattern).path).stem or "stream"): pattern}
    sources = find_sources(pattern)
    if not any(source.is_video for source in sources):
        raise BdnetError(
            f"video={pattern}: images, and no video; make one of them: "
            f"{encode_command(sources[0].path)}"
        )
    videos: dict[Path, str] = {}
    for source in sources:
        name = source.name.with_suffix("")
        if source.is_video and name in videos:
            raise BdnetError(
                f"{source.path} and {videos[name]} would both become {name}; segment them into "
                "different output folders"
            )
        if source.is_video:
            videos[name] = str(source.path)
    return videos


def _to_device(model: nn.Module, device: str) -> str:
    """Moves a network, its weights in the faster memory format; the device that `auto` means."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model.to(device).to(memory_format=torch.channels_last)
    except (RuntimeError, AssertionError) as error:  # torch's ways to refuse a device
        reason = str(error).splitlines()[0]
        raise BdnetError(f"device={device}: {reason}; say auto or cpu") from error
    return device


def label_values(ids: str, classes: Classes) -> NDArray[np.uint8] | None:
    """The value of each class number in label images, [256]; None: the number itself."""
    if ids == "class":
        return None
    if ids != "stored":
        raise BdnetError(f"ids={ids}: say class, or stored for the data set's own values")
    if classes.stored is None:
        raise BdnetError(
            "ids=stored: this run's label images hold the class numbers themselves; say ids=class"
        )
    return classes.values()


def keyframe_rule(config: DictConfig, trained: Network) -> Keyframes:
    """The configured rule, by default the interval of training.

    A network that segments every frame by itself reads all of them, whatever is configured.
    """
    if config.interval == "gop":
        raise BdnetError("interval=gop: a number of frames; keyframe=gop takes the codec's own")
    interval = trained.interval if config.interval is None else config.interval
    rule: Keyframes = instantiate(OmegaConf.merge(config, {"interval": interval}).keyframe)
    return rule if trained.model.looks_back else Fixed(1)


def _predict(
    video: str,
    stem: Path,
    trained: Network,
    keyframes: Keyframes,
    config: DictConfig,
    report: VideoReport,
) -> None:
    """Segments one video into STEM.overlay.mp4 and STEM.labels, and fills in its report."""
    images: FrameImages = "all" if config.overlay else "read"
    outputs: list[Output] = []
    with Stream(video, trained.model, keyframes, images, precision=config.precision) as stream:
        reader = stream.reader
        if config.overlay:
            outputs.append(OverlayFilm(stem, reader.fps, trained.classes, config.legend))
        if config.labels:
            outputs.append(LabelImages(stem, label_values(config.ids, trained.classes)))
        try:
            with ExitStack() as stack:
                for output in outputs:
                    stack.enter_context(output)
                _write_frames(stream, outputs, config.frames, report)
            report["is_complete"] = True
        finally:
            report["share_without_vectors"] = round(reader.hole_share, 4)
            report["seconds"] = {name: round(value, 4) for name, value in report["seconds"].items()}
            report["damaged_frames"] = list(reader.corrupt)
            report["problems"] = list(reader.problems)
            report["files"] = [str(output.result) for output in outputs if output.result]
            if report["files"]:
                _print_summary(video, report)


def _write_frames(
    stream: Stream, outputs: list[Output], frames: int | None, report: VideoReport
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
    """How many frames there will be, for the progress bar; None where a URL does not say."""
    if not Path(reader.path).is_file():
        return frames
    return len(reader) if frames is None else min(frames, len(reader))


def _print_summary(video: str, report: VideoReport) -> None:
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in report["seconds"].items())
    begin = "" if report["is_complete"] else "interrupted after "
    print(
        f"{video}: {begin}{report['frames']} frames, {report['keyframes']} of them keyframes, "
        f"{report['frames_per_second']:.1f} frames/s ({seconds}) -> {', '.join(report['files'])}"
    )
    for problem in report["problems"]:
        print(f"  {problem}; a clean copy gives better vectors: {encode_command(video)}")
