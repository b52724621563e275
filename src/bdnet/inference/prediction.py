"""Videos in, films with overlay and label images out; summary.json says what became of each."""

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
from bdnet.inference.streaming import FrameImages, Stream
from bdnet.inference.tracks import LabelImages, OverlayFilm, Track, uninterrupted
from bdnet.keyframes.base import Keyframes
from bdnet.keyframes.fixed import Fixed
from bdnet.models.for_inference import for_inference
from bdnet.models.precision import check_precision
from bdnet.reports.pictures.file import save
from bdnet.reports.pictures.lettering import legend
from bdnet.system.files import write_json

VideoReport = dict[str, Any]  # as it stands in summary.json


def predict_all(config: DictConfig) -> None:
    """Segments every video that is meant; those that cannot be do not stop the others."""
    if not (config.overlay or config.labels):
        raise BdnetError("overlay=false labels=false: nothing to write; say true to one of them")
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    check_precision(config.precision)
    videos, output = find_videos(config.video), Path(config.output)
    trained = load(config.run, config.checkpoint)
    values, keyframes = label_values(config.ids, trained.classes), rule(config, trained)
    trained = trained._replace(model=for_inference(trained.model))
    device = move(trained.model, config.device)
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
        for place, video in videos.items():
            summary["videos"][video] = {}
            try:
                predict(video, output / place, trained, keyframes, config, summary["videos"][video])
            except (BdnetError, OSError) as error:
                summary["failed"][video] = str(error)
                del summary["videos"][video]
    finally:  # after an interrupt too
        write_json(output / "summary.json", summary)
    if summary["failed"]:
        sys.exit("\n".join(f"failed: {reason}" for reason in summary["failed"].values()))


def find_videos(pattern: str) -> dict[Path, str]:
    """The videos that are meant, by what their results are called below the output folder."""
    if "://" in pattern:
        return {Path(Path(urlsplit(pattern).path).stem or "stream"): pattern}
    sources = find_sources(pattern)
    videos = [source for source in sources if source.is_video]
    if not videos:
        raise BdnetError(
            f"video={pattern}: images, and no video; make one of them: "
            f"{encode_command(sources[0].path)}"
        )
    found: dict[Path, str] = {}
    for source in videos:
        place = source.name.with_suffix("")
        if place in found:
            raise BdnetError(
                f"{source.path} and {found[place]} would both become {place}; segment them into "
                "different output folders"
            )
        found[place] = str(source.path)
    return found


def move(model: nn.Module, device: str) -> str:
    """Puts a network where it is to work, with its weights as they are fast, and says where."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model.to(device).to(memory_format=torch.channels_last)
    except (RuntimeError, AssertionError) as error:  # torch's ways to refuse a device
        reason = str(error).splitlines()[0]
        raise BdnetError(f"device={device}: {reason}; say auto or cpu") from error
    return device


def label_values(ids: str, classes: Classes) -> NDArray[np.uint8] | None:
    """What label images hold for each class number, [256]; None: the number itself."""
    if ids == "class":
        return None
    if ids != "stored":
        raise BdnetError(f"ids={ids}: say class, or stored for the data set's own values")
    if classes.stored is None:
        raise BdnetError(
            "ids=stored: this run's label images hold the class numbers themselves; say ids=class"
        )
    return classes.values()


def rule(config: DictConfig, trained: Network) -> Keyframes:
    """Which frames the network reads whole; every so manieth as in training, if nothing is said.

    One that sees every frame by itself reads all of them, whatever is said.
    """
    if config.interval == "gop":
        raise BdnetError("interval=gop: a number of frames; keyframe=gop takes the codec's own")
    interval = trained.interval if config.interval is None else config.interval
    found: Keyframes = instantiate(OmegaConf.merge(config, {"interval": interval}).keyframe)
    return found if trained.model.looks_back else Fixed(1)


def predict(
    video: str,
    place: Path,
    trained: Network,
    keyframes: Keyframes,
    config: DictConfig,
    report: VideoReport,
) -> None:
    """Segments one video into place.overlay.mp4 and place.labels, and fills in its report."""
    images: FrameImages = "all" if config.overlay else "read"
    tracks: list[Track] = []
    with Stream(video, trained.model, keyframes, images, precision=config.precision) as stream:
        if config.overlay:
            tracks.append(OverlayFilm(place, stream.reader.fps, trained.classes, config.legend))
        if config.labels:
            tracks.append(LabelImages(place, label_values(config.ids, trained.classes)))
        try:
            with ExitStack() as stack:
                for track in tracks:
                    stack.enter_context(track)
                follow(stream, tracks, config.frames, report)
            report["is_complete"] = True
        finally:
            reader = stream.reader
            report["share_without_vectors"] = round(reader.hole_share, 4)
            report["seconds"] = {name: round(each, 4) for name, each in report["seconds"].items()}
            report["damaged_frames"] = list(reader.corrupt)
            report["problems"] = list(reader.problems)
            report["files"] = [str(track.result) for track in tracks if track.result]
            if report["files"]:
                tell(video, report)


def follow(stream: Stream, tracks: list[Track], frames: int | None, report: VideoReport) -> None:
    """Writes every frame as it comes, and counts."""
    seconds = {"decode": 0.0, "network": 0.0, "write": 0.0, "total": 0.0}
    report |= {"is_complete": False, "frames": 0, "keyframes": 0, "seconds": seconds}
    begin = time.perf_counter()
    name, total = Path(stream.reader.path).name, expected(stream.reader, frames)
    with tqdm(islice(stream, frames), name, total, unit="frame") as bar:
        for segmented in bar:
            with uninterrupted():
                start = time.perf_counter()
                for track in tracks:
                    track.write(segmented)
                seconds["write"] += time.perf_counter() - start
                seconds["decode"] += segmented.seconds.decode
                seconds["network"] += segmented.seconds.network
                seconds["total"] = time.perf_counter() - begin
                report["frames"] += 1
                report["keyframes"] += segmented.is_key
                report["frames_per_second"] = round(report["frames"] / seconds["total"], 2)


def expected(reader: VideoReader, frames: int | None) -> int | None:
    """How many frames there will be; None of a URL or device, which has no end to look for."""
    if not Path(reader.path).is_file():
        return frames
    return len(reader) if frames is None else min(frames, len(reader))


def tell(video: str, report: VideoReport) -> None:
    seconds = ", ".join(f"{name} {each:.1f} s" for name, each in report["seconds"].items())
    begin = "" if report["is_complete"] else "interrupted after "
    print(
        f"{video}: {begin}{report['frames']} frames, {report['keyframes']} of them keyframes, "
        f"{report['frames_per_second']:.1f} frames/s ({seconds}) -> {', '.join(report['files'])}"
    )
    for problem in report["problems"]:
        print(f"  {problem}; a clean copy gives better vectors: {encode_command(video)}")
