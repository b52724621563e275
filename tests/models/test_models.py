"""The contract of every network that the configuration can compose."""

import pytest
import torch

from bdnet.models.base import Step
from bdnet.types import cells
from networks import CLASSES, build, combinations, first_and_last, random_clip, single, stream

NETWORKS = combinations()
SHIFTS = "boundary.guides."  # whose biases a batch normalisation takes away again
DIFFERENCES = (
    "boundary.difference."  # is told nothing by a network that has no keyframe but the frame itself
)


@pytest.fixture(scope="module", params=NETWORKS)
def model(request: pytest.FixtureRequest):
    return build(*NETWORKS[request.param])


def close(seen: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(seen, expected, rtol=1e-3, atol=1e-3 * float(expected.std()))


@pytest.mark.parametrize(("height", "width"), [(61, 99), (64, 96)])
@torch.no_grad()
def test_streaming_ends_with_what_forward_gives(model, height: int, width: int):
    batch = random_clip(height, width, 4, [0, 1, 2, 3])
    whole = model(batch if model.images == "all" else first_and_last(batch))
    for number in range(4):
        close(stream(model, single(batch, number)), whole.logits[number : number + 1])


@torch.no_grad()
def test_a_batch_of_mixed_offsets_is_its_clips(model):
    batch = random_clip(48, 72, 3, [2, 0, 1])
    batch = batch if model.images == "all" else first_and_last(batch)
    whole = model(batch)
    for number in range(3):
        alone = model(single(batch, number))
        for separate, expected in zip(alone, whole, strict=True):
            assert (separate is None) == (expected is None)
            if expected is not None and expected.is_floating_point():
                close(separate, expected[number : number + 1])
            elif expected is not None:
                assert torch.equal(separate, expected[number : number + 1])


@torch.no_grad()
def test_sizes_of_what_is_predicted(model):
    for height, width in ((61, 99), (9, 17), (40, 65)):
        batch = random_clip(height, width, 2, [1])
        logits, features, edges, flow, *_ = model(batch)
        assert logits.shape[:2] == (1, CLASSES)
        assert torch.isfinite(logits).all()
        assert logits.shape[-2:] in {
            (cells(height), cells(width)), (2 * cells(height), 2 * cells(width)),
            (-(-height // 4), -(-width // 4)),
        }  # fmt: skip
        assert features.shape[-2:] == (cells(height), cells(width))
        if edges is not None:
            assert edges.shape == (1, 1, -(-height // 4), -(-width // 4))
        if flow is not None:
            assert flow.shape == (1, 2, cells(height), cells(width))


@torch.no_grad()
def test_evaluation_is_deterministic(model):
    batch = random_clip(48, 72, 3, [2, 1])
    assert torch.equal(model(batch).logits, model(batch).logits)


def test_every_parameter_learns(model):
    model.train()
    torch.manual_seed(0)
    interval = max(3, model.least_interval)
    batch = random_clip(48, 72, interval, [interval - 1, 1])
    # of sub-networks each step trains those that it draws
    for _ in range(1 if model.least_interval == 1 else 4 * model.least_interval):
        seen = model(batch if model.images == "all" else first_and_last(batch))
        judged = (seen.logits, seen.edges, seen.auxiliary, seen.single_path)
        sum(scores.square().mean() for scores in judged if scores is not None).backward()
    dead = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    still = [
        name
        for name, parameter in model.named_parameters()
        if not parameter.grad.any()
        and not (name.startswith(SHIFTS) and name.endswith(".bias"))
        and not (name.startswith(DIFFERENCES) and not hasattr(model, "propagation"))
    ]
    model.zero_grad()
    model.eval()
    assert dead == still == []


def test_groups_hold_every_parameter_once(model):
    backbone, head = model.groups()
    together = [id(parameter) for parameter in (*backbone, *head)]
    assert sorted(together) == sorted(id(parameter) for parameter in model.parameters())
    pretrained = [parameter for part in model.backbone_modules for parameter in part.parameters()]
    assert {id(parameter) for parameter in backbone} == {id(parameter) for parameter in pretrained}
    networks = [module for name, module in model.named_modules() if name.endswith("backbone")]
    assert networks
    weights = [parameter for network in networks for parameter in network.parameters()]
    assert {id(parameter) for parameter in weights} <= {id(parameter) for parameter in backbone}
    assert head


def test_frozen_parameters_are_in_no_group(model):
    first = next(model.parameters()).requires_grad_(False)
    groups = model.groups()
    first.requires_grad_(True)
    assert all(parameter is not first for group in groups for parameter in group)


def test_mixed_precision(model):
    batch = first_and_last(random_clip(48, 72, 2, [1]))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        logits = model(batch).logits
        streamed = stream(model, batch)
    with torch.no_grad():
        exact = model(batch).logits
    for scores in (logits, streamed):
        assert (scores - exact).std() < 0.15 * exact.std()


def test_pixels_that_are_read_must_be_there(model):
    with pytest.raises(ValueError, match="image is None"):
        model.step(model.start(), Step(None, is_key=True))
