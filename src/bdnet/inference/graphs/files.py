"""Graphs as the files of a folder, torch.export's and ONNX; all of them appear, or none."""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch._export.serde.serialize import SerializeError

from bdnet.errors import BdnetError
from bdnet.inference.exported import RunGraph, Tensors, onnx_run
from bdnet.inference.graphs.program import Graph
from bdnet.models.errors import BadModel
from bdnet.system.locks import exclusive

ENDINGS = {"torch": ".pt2", "onnx": ".onnx"}
DESCRIPTION = "graphs.json"
GRAPHS = ("key", "other")
OPSET = 18  # of ONNX: what torch writes without converting, and the first to resize as torch does
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")


@contextmanager
def staged(output: Path) -> Iterator[Path]:
    """A folder whose files move to the output when the block ends well, graphs.json last."""
    partial = output / ".partial"
    try:
        with exclusive(output, "; or choose another output"):
            yield from _staged(output, partial)
    except OSError as error:
        raise BdnetError(
            f"{output}: cannot be written ({error}); free space, or use another folder"
        ) from error


def _staged(output: Path, partial: Path) -> Iterator[Path]:
    shutil.rmtree(partial, ignore_errors=True)  # of a killed process
    try:
        partial.mkdir(parents=True)
        yield partial
        (output / DESCRIPTION).unlink(missing_ok=True)  # of an earlier export, half replaced
        for graph, ending in product(GRAPHS, ENDINGS.values()):
            (output / f"{graph}{ending}").unlink(missing_ok=True)
        for path in sorted(partial.iterdir(), key=lambda path: path.name == DESCRIPTION):
            path.replace(output / path.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def save(graphs: Sequence[Graph], folder: Path, formats: Sequence[str]) -> None:
    writers = {"torch": save_torch, "onnx": save_onnx}
    for graph in graphs:
        for name in formats:
            writers[name](graph, folder / f"{graph.name}{ENDINGS[name]}")


def save_torch(graph: Graph, path: Path) -> None:
    content = BytesIO()  # on a full disk torch's writer of files ends the whole process
    try:
        torch.export.save(graph.program, content)
    except SerializeError as error:  # backbones that pad as TensorFlow does round sizes up
        reason = str(error).splitlines()[0]
        raise BadModel(
            f"torch cannot write the {graph.name} step ({reason}); use formats=[onnx], or "
            "dynamic=false"
        ) from error
    path.write_bytes(content.getbuffer())


def save_onnx(graph: Graph, path: Path) -> None:
    """Writes one file, weights included; inputs and outputs have the names of the graph."""
    try:
        with _without_warnings("onnx_ir", "onnxscript"):  # on constants that are outputs
            program = torch.onnx.export(
                graph.program,
                dynamo=True,
                opset_version=OPSET,
                input_names=[port.name for port in graph.inputs],
                output_names=[port.name for port in graph.outputs],
                verbose=False,
            )
            assert program is not None
            program.save(path, external_data=False)
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise BadModel(
            f"ONNX cannot hold the {graph.name} step ({reason}); use formats=[torch]"
        ) from error


def missing_packages() -> list[str]:
    """The packages that ONNX needs and that are not installed."""
    return [package for package in ONNX_PACKAGES if find_spec(package) is None]


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
        return {name: output.numpy() for name, output in zip(names, outputs, strict=True)}

    return run


@contextmanager
def _without_warnings(*names: str) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
