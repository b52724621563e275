"""The flow term."""

import torch

from bdnet.losses.flow import FlowLoss
from losses.reference import case


def stretched(x: float, y: float, steps: int):
    """A case whose content moves by (x, y) in each of its last steps, and stood still before."""
    given = case(batch=1)
    motion = torch.zeros_like(given.clip.motion)
    motion[:, -steps:] = torch.tensor([x, y]).view(2, 1, 1)
    return given.clip._replace(motion=motion, offset=torch.tensor([steps]))


def test_it_is_the_distance_to_the_composed_vectors_in_cells():
    clip = stretched(3.0, 4.0, 2)
    still = torch.zeros(1, 2, 4, 5)
    assert torch.isclose(FlowLoss().value(still, clip), torch.tensor(10.0 / 8))
    exact = still + torch.tensor([6.0, 8.0]).view(2, 1, 1)
    assert FlowLoss().value(exact, clip) < 1e-5


def test_holes_anywhere_on_the_way_do_not_count():
    clip = stretched(0.0, 0.0, 3)
    valid = torch.ones_like(clip.valid)
    valid[:, 1, 2, 3] = False
    clip = clip._replace(valid=valid)
    wrong = torch.zeros(1, 2, 4, 5)
    wrong[..., 2, 3] = 100
    assert FlowLoss().value(wrong, clip) == 0


def test_keyframes_do_not_count():
    clip = stretched(3.0, 4.0, 2)._replace(offset=torch.tensor([0]))
    flow = torch.randn(1, 2, 4, 5, requires_grad=True)
    value = FlowLoss().value(flow, clip)
    value.backward()
    assert value == 0
    assert not flow.grad.any()
