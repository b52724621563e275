"""Programs of torch.export: over a clip they give what streaming gives."""

from itertools import product

import pytest
import torch

from bdnet.inference.graphs.program import Graph, Port, _side, trace
from bdnet.models.base import VideoModel
from bdnet.models.errors import BadModel
from export_clips import SIZE, Ports, clip_of_bytes, run
from networks import build, choices, stream

PROPAGATIONS, BOUNDARIES = choices("model/propagation"), choices("model/boundary")
OTHERS = ("+model=single_frame", "+model=grfp")
HEADS = ("pspnet", "deeplabv3plus")
FAST = {("copy", "compared")}  # as files, vectors and warped are tested


def ports(graphs: list[Graph]) -> dict[str, Ports]:
    return {
        graph.name: Ports(graph.program.module(), [port.name for port in graph.inputs], graph.state)
        for graph in graphs
    }


@torch.no_grad()
def check(model: VideoModel, graphs: list[Graph], height: int, width: int) -> None:
    clip, images = clip_of_bytes(height, width)
    outputs, wanted = run(ports(graphs), clip, images), stream(model, clip)
    torch.testing.assert_close(outputs["logits"], wanted, rtol=0, atol=1e-4)
    assert outputs["labels"].shape == (1, height, width)


@pytest.mark.parametrize(
    ("propagation", "boundary"),
    [
        pytest.param(*names, marks=() if names in FAST else pytest.mark.slow)
        for names in product(PROPAGATIONS, BOUNDARIES)
    ],
)
def test_a_program_streams_as_the_network_does(propagation: str, boundary: str):
    chosen = f"model/propagation={propagation}", f"model/boundary={boundary}"
    model = build("+model=bdnet", *chosen)
    check(model, trace(model, SIZE), *SIZE)


@pytest.mark.slow
@pytest.mark.parametrize("network", [*OTHERS, *(f"+model=bdnet model/head={it}" for it in HEADS)])
def test_other_networks(network: str):
    model = build(*network.split())
    check(model, trace(model, SIZE), *SIZE)


@pytest.mark.slow
def test_estimated_flow_is_for_one_size():
    """What FlowNet-S adds up from several scales is cropped to fit, which differs by size."""
    model = build("+model=bdnet", "model/propagation=flownet", "model/boundary=none")
    with pytest.raises(BadModel, match=r"dynamic=true: .*size="):
        trace(model, None)


@pytest.mark.slow
@pytest.mark.parametrize("propagation", sorted({*PROPAGATIONS} - {"flownet"}))
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_one_program_for_any_size(propagation: str, boundary: str):
    """Larger than where every tap of the head's convolutions sees something, and smaller."""
    model = build("+model=bdnet", f"model/propagation={propagation}", f"model/boundary={boundary}")
    graphs = trace(model, None)
    for size in ((64, 96), (256, 320), (96, 32)):
        check(model, graphs, *size)
    assert graphs[0].inputs[0].shape == (1, "8*rows", "8*columns", 3)


def test_shapes_follow_the_size():
    """Of what is known without tracing: any side of any tensor, on pictures of two sizes."""
    assert [_side(*shape) for shape in ((8, 17), (12, 21), (16, 34), (96, 168), (3, 3))] == [
        "rows", "columns", "2*rows", "8*columns", 3,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="9, or 18"):
        _side(9, 18)
    assert set(Port("x", "float32", (1, "2*rows", "columns")).open_sides()) == {1, 2}
