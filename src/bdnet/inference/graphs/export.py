"""Traces a run's network, writes its graphs, and compares them with it on real frames."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet import __version__
from bdnet.codec import Encoding, VideoReader, VideoWriter
from bdnet.data.normalisation import MEAN, STD
from bdnet.data.streets.parameters import StreetParameters
from bdnet.data.streets.renderer import render
from bdnet.errors import BdnetError
from bdnet.inference.exported import GraphStream
from bdnet.inference.graphs import files
from bdnet.inference.graphs.check import Agreement, compare, read, table
from bdnet.inference.graphs.program import Graph, trace
from bdnet.inference.network import Network, load
from bdnet.models.for_inference import for_inference
from bdnet.runs.identity import check_trust
from bdnet.runs.run import Run
from bdnet.system.files import write_json
from bdnet.types import CELL, Size


def export(config: DictConfig) -> None:
    """Keeps the graphs only if they compute what the network does."""
    formats = _formats(list(config.formats))
    trained = load(config.run, config.checkpoint)
    output = Path(config.output)
    with _video(config) as (video, size), files.staged(output) as folder:
        graphs = trace(for_inference(trained.model), None if config.dynamic else size)
        files.save(graphs, folder, formats)
        description = _description(config, trained, graphs, formats)
        frames = read(video, min(trained.interval, max(2, config.frames // 2)), config.frames)
        streams = {
            name: GraphStream(description, run)
            for name, run in files.opened(folder, description).items()
        }
        agreements = compare(trained.model, frames, streams)
        print(f"beside PyTorch, on frames of {video}:\n{table(agreements)}")
        _check(agreements, graphs, config)
        checked = [agreement._asdict() for agreement in agreements]
        write_json(folder / files.DESCRIPTION, {**description, "checked": checked})
        trained.classes.write(folder / "classes.yaml")
    print(f"written to {output}")


def _formats(wanted: list[str]) -> list[str]:
    """The formats that can be written with the packages that are installed."""
    if not wanted or set(wanted) - set(files.ENDINGS):
        raise BdnetError(f"formats={wanted}: use [torch], [onnx] or [torch,onnx]")
    missing = files.missing_packages() if "onnx" in wanted else []
    if not missing:
        return wanted
    reason = f"ONNX needs {', '.join(missing)}: pip install 'bdnet[export]'"
    if wanted == ["onnx"]:
        raise BdnetError(f"{reason}, or use formats=[torch]")
    print(f"{reason}; writing torch's graphs only", file=sys.stderr)
    return ["torch"]


@contextmanager
def _video(config: DictConfig) -> Iterator[tuple[str | Path, Size]]:
    """The video to compare on, and its size: the given one, one of the run's data, or rendered."""
    given = _size(config.size)
    video = config.video or own_video(Run(config.run).config().data)
    actual = None if video is None else _size_of(video)
    size = given or actual
    if size is None:
        raise BdnetError(
            "size is not given, and the run's data is not here; use size=[HEIGHT,WIDTH] or "
            "video=FILE"
        )
    if config.video and actual and size != actual:
        raise BdnetError(
            f"size={list(size)}: video={config.video} has {list(actual)}; leave one out"
        )
    if video is not None and size == actual:
        yield video, size
        return
    with TemporaryDirectory(prefix="bdnet-export-") as folder:
        path = Path(folder) / "drive.mp4"
        with VideoWriter(path, encoding=Encoding(interval=config.frames)) as writer:
            for image, _ in render(StreetParameters(*size, config.frames), 0):
                writer.write(image)
        yield path, size


def own_video(data: DictConfig) -> Path | None:
    """The first test video of a run's data; None where its files are not here."""
    check_trust(data)
    try:
        samples = instantiate(data.dataset, _convert_="all").samples("test")
    except (BdnetError, OSError, InstantiationException):
        return None
    return samples[0].video if samples and samples[0].video.is_file() else None


def _size_of(video: str | Path) -> Size:
    with VideoReader(video, strict=False, motion="auto") as reader:
        return reader.height, reader.width


def _size(given: Any) -> Size | None:
    if given is None:
        return None
    match OmegaConf.to_container(given) if OmegaConf.is_list(given) else given:
        case [int(height), int(width)] if min(height, width) >= CELL:
            return height, width
        case _:
            raise BdnetError(f"size={given}: height and width in pixels, as in size=[512,1024]")


def _description(
    config: DictConfig, trained: Network, graphs: list[Graph], formats: list[str]
) -> dict[str, Any]:
    """graphs.json, without the comparison."""
    image = graphs[0].inputs[0].shape
    return {
        "run": {
            "name": trained.name,
            "digest": Run(config.run).facts()["digest"],
            "checkpoint": config.checkpoint,
        },
        "versions": {"bdnet": __version__, "torch": torch.__version__},
        "interval": trained.interval,
        "size": None if config.dynamic else list(image[1:3]),
        "multiple": CELL if config.dynamic else 1,
        "normalisation": {"inside": True, "mean": MEAN, "deviation": STD},
        "formats": formats,
        "opset": files.OPSET if "onnx" in formats else None,
        "graphs": {graph.name: graph.described() for graph in graphs},
    }


def _check(agreements: list[Agreement], graphs: list[Graph], config: DictConfig) -> None:
    """Refuses graphs that are not the network."""
    if {agreement.graph for agreement in agreements} != {graph.name for graph in graphs}:
        raise BdnetError(
            f"video={config.video}: its first {config.frames} frames are not both keyframes and "
            "others, so that not every graph was compared; use another video"
        )
    for name, graph, _, difference, labels in agreements:
        if not (difference <= config.tolerance and labels >= config.agreement):
            raise BdnetError(
                f"{graph} as {name}: logits differ by up to {difference:.2g} and "
                f"{100 * labels:.3f} % of the labels agree, where tolerance={config.tolerance}"
                f" and agreement={config.agreement}; nothing is written"
            )
