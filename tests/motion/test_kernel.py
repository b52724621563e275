"""How values between cells are made of the cells around them."""

import math

import pytest
import torch
from torch import Tensor

from bdnet.errors import BdnetError
from bdnet.motion.kernel import Kernel, check_kernel, taps

KERNELS = pytest.mark.parametrize("kernel", ["linear", "cubic"])


def between(cells: Tensor, position: Tensor, kernel: Kernel) -> Tensor:
    return sum(cells[tap.cell] * tap.weight for tap in taps(position, len(cells), kernel))


@KERNELS
def test_on_a_cell_it_is_that_cells_value(kernel: Kernel):
    cells = torch.randn(9)
    torch.testing.assert_close(between(cells, torch.arange(9.0), kernel), cells)


@KERNELS
def test_shares_are_of_one(kernel: Kernel):
    position = torch.linspace(-20, 20, 401)
    weights = sum(tap.weight for tap in taps(position, 9, kernel))
    torch.testing.assert_close(weights, torch.ones(401))


@KERNELS
def test_far_beyond_the_border_is_what_is_at_it(kernel: Kernel):
    cells = torch.randn(9)
    position = torch.tensor([-1e9, -2.5, 10.5, 1e9])
    torch.testing.assert_close(between(cells, position, kernel), cells[[0, 0, -1, -1]])


def test_half_way_cubic_keeps_more_of_a_wave():
    """Of five cells: a blend of two neighbours keeps cos(pi / 5) = 0.81, whatever its phase."""
    phase = torch.arange(100) * (2 * math.pi / 5)
    middle = torch.arange(20, 80) + 0.5
    wave = torch.sin(middle * (2 * math.pi / 5))
    kept = {
        kernel: (between(torch.sin(phase), middle, kernel) @ wave / (wave @ wave)).item()
        for kernel in ("linear", "cubic")
    }
    assert kept["linear"] == pytest.approx(math.cos(math.pi / 5), abs=1e-4)
    assert abs(1 - kept["cubic"]) < 0.25 * (1 - kept["linear"])


def test_others_are_refused():
    assert check_kernel("cubic") == "cubic"
    with pytest.raises(BdnetError, match="kernel=nearest"):
        check_kernel("nearest")
