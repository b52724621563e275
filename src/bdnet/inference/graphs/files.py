"""Graphs as the files of a folder, which are there together or not at all."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch._export.serde.serialize import SerializeError

from bdnet.errors import BdnetError
from bdnet.inference.exported import RunGraph, Tensors, onnx_run
from bdnet.inference.graphs.onnx_file import save_onnx
from bdnet.inference.graphs.program import Graph
from bdnet.models.errors import BadModel

ENDINGS = {"torch": ".pt2", "onnx": ".onnx"}
DESCRIPTION = "graphs.json"


@contextmanager
def staged(output: Path) -> Iterator[Path]:
    """A folder whose files move to the output when the block ends well, graphs.json last."""
    partial = output / ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        (output / DESCRIPTION).unlink(missing_ok=True)  # of an earlier export, half replaced
        for ending in ENDINGS.values():
            for earlier in output.glob(f"*{ending}"):
                earlier.unlink()
        for each in sorted(partial.iterdir(), key=lambda path: path.name == DESCRIPTION):
            each.replace(output / each.name)
    except OSError as error:
        raise BdnetError(f"{output}: cannot be written ({error}); say another place") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def save(graphs: Sequence[Graph], folder: Path, formats: Sequence[str]) -> None:
    for graph in graphs:
        place = folder / graph.name
        if "torch" in formats:
            save_torch(graph, place.with_suffix(ENDINGS["torch"]))
        if "onnx" in formats:
            save_onnx(graph, place.with_suffix(ENDINGS["onnx"]))


def save_torch(graph: Graph, path: Path) -> None:
    try:
        torch.export.save(graph.program, path)
    except SerializeError as error:  # backbones that pad as TensorFlow does round sizes up
        reason = str(error).splitlines()[0]
        raise BadModel(
            f"torch cannot write the {graph.name} step down ({reason}); say formats=[onnx], or "
            "dynamic=false"
        ) from error


def opened(folder: Path, description: Mapping[str, Any]) -> dict[str, RunGraph]:
    """The graphs of each format, as they are in the files."""
    run = {"torch": torch_run, "onnx": onnx_run}
    return {name: run[name](folder, description) for name in description["formats"]}


def torch_run(folder: Path, description: Mapping[str, Any]) -> RunGraph:
    """Runs FOLDER/key.pt2 and FOLDER/other.pt2."""
    modules = {
        name: torch.export.load(folder / f"{name}{ENDINGS['torch']}").module()
        for name in description["graphs"]
    }

    @torch.inference_mode()
    def run(graph: str, inputs: Tensors) -> Tensors:
        ports = description["graphs"][graph]
        outputs = modules[graph](*(torch.from_numpy(inputs[p["name"]]) for p in ports["inputs"]))
        names = (port["name"] for port in ports["outputs"])
        return {name: each.numpy() for name, each in zip(names, outputs, strict=True)}

    return run
