"""FlowNet-S: sizes, what it starts from, and that it can learn motion."""

import pytest
import torch

from bdnet.models.errors import BadModel
from bdnet.models.flownet import FlowNetS
from bdnet.types import cells


def test_the_published_network_has_its_published_size():
    with torch.device("meta"):
        weights = sum(parameter.numel() for parameter in FlowNetS().parameters())
    assert round(weights / 1e6, 1) == 38.7


@pytest.mark.parametrize("size", [(64, 128), (61, 99), (8, 8), (9, 257)])
@torch.no_grad()
def test_one_vector_for_each_cell_of_any_picture(size: tuple[int, int]):
    flow, seen = FlowNetS(0.05)(torch.randn(2, 3, *size), torch.randn(2, 3, *size))
    grid = cells(size[0]), cells(size[1])
    assert flow.shape == (2, 2, *grid)
    assert seen.shape[-2:] == grid


def test_nothing_moves_to_begin_with():
    flow, _ = FlowNetS(0.05)(torch.randn(1, 3, 64, 96), torch.randn(1, 3, 64, 96))
    assert not flow.any()


def test_it_learns_which_way_a_picture_moves():
    """Two pans of one texture: after some steps, each gets its own sign."""
    torch.manual_seed(0)
    network = FlowNetS(0.1)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    texture = torch.nn.functional.interpolate(torch.randn(1, 3, 16, 32), (64, 128))
    pictures = torch.cat([texture, texture])
    shifts = [8, -8]  # the content at p came from p + shift
    moved = torch.cat([torch.roll(texture, -shift, -1) for shift in shifts])
    wanted = torch.tensor(shifts, dtype=torch.float32)
    for _ in range(40):
        flow, _ = network(pictures, moved)
        loss = (flow[:, 0] - wanted[:, None, None]).square().mean() + flow[:, 1].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        measured = network(pictures, moved)[0].mean((-2, -1))
    torch.testing.assert_close(measured[:, 0], wanted, atol=2, rtol=0)
    assert measured[:, 1].abs().max() < 2


@pytest.mark.parametrize("width", [0, -1, 1.5])
def test_a_width_is_a_share(width: float):
    with pytest.raises(BadModel, match=f"width={width}"):
        FlowNetS(width)
