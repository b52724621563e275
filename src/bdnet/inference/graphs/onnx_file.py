"""Programs as ONNX files."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch

from bdnet.inference.graphs.program import Graph
from bdnet.models.errors import BadModel

OPSET = 18  # what torch writes without converting, and the first to resize as torch does
PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def missing() -> list[str]:
    """The packages that ONNX needs and that are not installed."""
    return [each for each in PACKAGES if find_spec(each) is None]


def save_onnx(graph: Graph, path: Path) -> None:
    """Writes one file, weights included; inputs and outputs have the names of the graph."""
    try:
        with _quiet():
            made = torch.onnx.export(
                graph.program,
                dynamo=True,
                opset_version=OPSET,
                input_names=[port.name for port in graph.inputs],
                output_names=[port.name for port in graph.outputs],
                verbose=False,
            )
            assert made is not None
            made.save(path, external_data=False)
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise BadModel(
            f"ONNX cannot hold the {graph.name} step ({reason}); say formats=[torch]"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the optimiser's remarks on constants that are outputs."""
    loggers = [logging.getLogger(name) for name in ("onnx_ir", "onnxscript")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
