"""Traces a run's network, writes its graphs, and checks them beside it on real frames."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from bdnet import __version__
from bdnet.data.normalisation import MEAN, STD
from bdnet.errors import BdnetError
from bdnet.inference.exported import GraphStream
from bdnet.inference.graphs import files
from bdnet.inference.graphs.check import Agreement, compare, table, watch
from bdnet.inference.graphs.footage import drive, own_video, size_of
from bdnet.inference.graphs.onnx_file import OPSET, missing
from bdnet.inference.graphs.program import Graph, trace
from bdnet.inference.network import Network, load
from bdnet.models.for_inference import for_inference
from bdnet.runs.run import Run
from bdnet.system.files import write_json
from bdnet.types import CELL, Size


def export(config: DictConfig) -> None:
    """Traces, writes, reads what was written, and compares it with the network."""
    formats = _formats(list(config.formats))
    trained = load(config.run, config.checkpoint)
    output = Path(config.output)
    with footage(config) as (video, size), files.staged(output) as folder:
        graphs = trace(for_inference(trained.model), None if config.dynamic else size)
        files.save(graphs, folder, formats)
        description = describe(config, trained, graphs, formats)
        frames = watch(video, min(trained.interval, max(2, config.frames // 2)), config.frames)
        streams = {
            name: GraphStream(description, run)
            for name, run in files.opened(folder, description).items()
        }
        agreements = compare(trained.model, frames, streams)
        print(f"beside PyTorch, on frames of {video}:\n{table(agreements)}")
        judge(agreements, graphs, config)
        checked = [each._asdict() for each in agreements]
        write_json(folder / files.DESCRIPTION, {**description, "checked": checked})
        trained.classes.write(folder / "classes.yaml")
    print(f"written to {output}")


def _formats(wanted: list[str]) -> list[str]:
    """Those that can be written."""
    if not wanted or set(wanted) - set(files.ENDINGS):
        raise BdnetError(f"formats={wanted}: say [torch], [onnx] or [torch,onnx]")
    absent = missing() if "onnx" in wanted else []
    if not absent:
        return wanted
    need = f"ONNX needs {', '.join(absent)}: pip install 'bdnet[export]'"
    if wanted == ["onnx"]:
        raise BdnetError(f"{need}, or say formats=[torch]")
    print(f"{need}; writing torch's graphs only", file=sys.stderr)
    return ["torch"]


@contextmanager
def footage(config: DictConfig) -> Iterator[tuple[str | Path, Size]]:
    """The video that graphs are checked on, and its size."""
    given = _size(config.size)
    video = config.video or own_video(Run(config.run).config().data)
    found = None if video is None else size_of(video)
    size = given or found
    if size is None:
        raise BdnetError(
            "size is not given, and the run's data is not here; say size=[HEIGHT,WIDTH] or "
            "video=FILE"
        )
    if config.video and found and size != found:
        raise BdnetError(
            f"size={list(size)}: video={config.video} has {list(found)}; leave one out"
        )
    if video is not None and size == found:
        yield video, size
        return
    with drive(size, config.frames) as path:
        yield path, size


def _size(given: Any) -> Size | None:
    if given is None:
        return None
    match OmegaConf.to_container(given) if OmegaConf.is_list(given) else given:
        case [int(height), int(width)] if min(height, width) >= CELL:
            return height, width
        case _:
            raise BdnetError(f"size={given}: height and width in pixels, as in size=[512,1024]")


def describe(
    config: DictConfig, trained: Network, graphs: list[Graph], formats: list[str]
) -> dict[str, Any]:
    """graphs.json, without the check."""
    program = graphs[0]
    image = program.inputs[0].shape
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
        "opset": OPSET if "onnx" in formats else None,
        "graphs": {graph.name: graph.described() for graph in graphs},
    }


def judge(agreements: list[Agreement], graphs: list[Graph], config: DictConfig) -> None:
    """Refuses graphs that are not the network."""
    if {each.graph for each in agreements} != {graph.name for graph in graphs}:
        raise BdnetError(
            f"video={config.video}: its first {config.frames} frames are not both keyframes and "
            "others, so that not every graph was checked; say another video"
        )
    for each in agreements:
        if not (each.difference <= config.tolerance and each.labels >= config.agreement):
            raise BdnetError(
                f"{each.graph} as {each.format}: logits differ by up to {each.difference:.2g} and "
                f"{100 * each.labels:.3f} % of the labels agree, where tolerance={config.tolerance}"
                f" and agreement={config.agreement}; nothing is written"
            )
