"""Steps taken apart: over a clip they give what the network gives."""

import pytest
import torch

from bdnet.inference.graphs.steps import split
from bdnet.models.errors import BadModel
from bdnet.motion.upsampling import label_map
from export_clips import SIZE, clip_of_bytes, ports_of, run
from networks import build, combinations, stream

NETWORKS = {name: given for name, given in combinations().items() if not name.startswith("td")}
FAST = {"single_frame-none", "bdnet-warped-vectors", "bdnet-compared-flownet", "grfp"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in NETWORKS],
)
@torch.no_grad()
def test_steps_over_a_clip_give_what_streaming_gives(name: str):
    model = build(*NETWORKS[name])
    clip, images = clip_of_bytes()
    parts = split(model, SIZE)
    outputs, wanted = run(ports_of(parts), clip, images), stream(model, clip)
    torch.testing.assert_close(outputs["logits"], wanted)
    assert outputs["labels"].dtype == torch.uint8
    assert torch.equal(outputs["labels"].long(), label_map(wanted, *SIZE))
    reads = ["image"] if model.pixels == "all" else []
    names = [f"state_{number}" for number in range(len(parts[0].state))]
    assert list(parts[0].inputs) == ["image"]
    if "bdnet" in name or "grfp" in name or "dff" in name:
        assert list(parts[1].inputs) == ["motion", "valid", *reads, *names]
    else:
        assert len(parts) == 1


def test_what_does_not_change_is_not_put_out_again():
    changes = {"vectors": ["state_2", "state_3"], "copy": []}
    for propagation, changed in changes.items():
        model = build("+model=bdnet", "model/boundary=warped", f"model/propagation={propagation}")
        _, other = split(model, SIZE)
        assert list(other.state) == changed
        assert list(other.outputs()) == ["labels", "logits", *(f"next_{name}" for name in changed)]


def test_maps_are_handed_on_as_they_lie_in_memory():
    """So that no graph turns them around: a warp reads them cell by cell."""
    key, other = split(build("+model=bdnet", "model/boundary=none"), SIZE)
    deep, field = (key.outputs()[name].shape for name in ("state_0", "state_1"))
    assert deep[1:3] == field[2:] == (8, 13)
    assert all(tensor.is_contiguous() for tensor in other.inputs.values())


@torch.no_grad()
def test_of_any_size_the_labels_follow_the_input():
    model = build("+model=bdnet", "model/boundary=warped")
    parts = ports_of(split(model, (64, 96), is_dynamic=True))
    for size in ((64, 96), (40, 72)):
        clip, images = clip_of_bytes(*size)
        assert run(parts, clip, images)["labels"].shape == (1, *size)


def test_a_network_whose_step_counts_frames_is_refused():
    with pytest.raises(BadModel, match="TDNet"):
        split(build("+model=tdnet"), SIZE)
