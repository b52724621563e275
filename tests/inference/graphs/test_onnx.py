"""ONNX files: they stream as the network does."""

from pathlib import Path

import pytest
import torch

from bdnet.inference.exported import onnx_run
from bdnet.inference.graphs import files
from bdnet.inference.graphs.files import save_onnx
from bdnet.inference.graphs.program import Graph, trace
from export_clips import SIZE, Ports, clip_of_bytes, run
from networks import build, choices, stream

PROPAGATIONS = sorted({*choices("model/propagation")} - {"flownet"})  # which +model=dff has
BOUNDARIES = choices("model/boundary")


def test_files_have_the_names_that_are_written_down(exported: Path):
    import onnx

    for name in ("key", "other"):
        graph = onnx.load(exported / f"out/{name}.onnx").graph
        onnx.checker.check_model(exported / f"out/{name}.onnx")
        inputs, outputs = ([port.name for port in ports] for ports in (graph.input, graph.output))
        if name == "key":
            assert inputs == ["image"]
            assert outputs[:2] == ["labels", "logits"]
        else:
            assert inputs[:2] == ["motion", "valid"]
        # adding to parts of a map, and looking up places in whole maps, are slow
        kinds = {node.op_type for node in graph.node}
        assert not kinds & {"ScatterND", "ScatterElements", "SequenceEmpty"}
    assert {path.suffix for path in (exported / "out").glob("[!.]*")} == {
        ".onnx", ".pt2", ".json", ".yaml",
    }  # fmt: skip


def test_packages_that_are_missing_are_named(monkeypatch):
    assert files.missing_packages() == []
    monkeypatch.setattr(files, "ONNX_PACKAGES", ("onnx", "onyx"))
    assert files.missing_packages() == ["onyx"]


def ports(graphs: list[Graph], folder: Path) -> dict[str, Ports]:
    for graph in graphs:
        save_onnx(graph, folder / f"{graph.name}.onnx")
    described = {graph.name: graph.described() for graph in graphs}
    sessions = onnx_run(folder, {"graphs": described, "formats": ["onnx"]}, threads=1)

    def called(graph: Graph):
        names = [port.name for port in graph.inputs]

        def call(*inputs: torch.Tensor) -> list[torch.Tensor]:
            given = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
            return [torch.from_numpy(array) for array in sessions(graph.name, given).values()]

        return Ports(call, names, graph.state)

    return {graph.name: called(graph) for graph in graphs}


@pytest.mark.slow
@pytest.mark.parametrize(
    "network",
    [
        *("+model=single_frame", "+model=grfp", "+model=dff"),
        *(f"+model=bdnet model/propagation={it}" for it in PROPAGATIONS),
        "+model=bdnet model.propagation.kernel=cubic",
        *(f"+model=bdnet model/boundary={it}" for it in BOUNDARIES),
        *(f"+model=bdnet model/head={it}" for it in ("pspnet", "deeplabv3plus")),
    ],
)
@torch.no_grad()
def test_files_stream_as_the_network_does(network: str, tmp_path: Path):
    model = build(*network.split())
    clip, images = clip_of_bytes()
    outputs = run(ports(trace(model, SIZE), tmp_path), clip, images)
    torch.testing.assert_close(outputs["logits"], stream(model, clip), rtol=0, atol=1e-4)
    assert outputs["labels"].shape == (1, *SIZE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen",
    [
        *("boundary=none", "boundary=warped", "boundary=compared"),
        *("propagation=filled", "propagation=matched"),
    ],
)
@torch.no_grad()
def test_one_file_for_any_size(chosen: str, tmp_path: Path):
    model = build("+model=bdnet", f"model/{chosen}")
    graphs = ports(trace(model, None), tmp_path)
    for size in ((64, 96), (256, 320), (96, 32)):
        clip, images = clip_of_bytes(*size)
        outputs = run(graphs, clip, images)
        torch.testing.assert_close(outputs["logits"], stream(model, clip), rtol=0, atol=1e-4)
        assert outputs["labels"].shape == (1, *size)
