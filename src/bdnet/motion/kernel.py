"""Interpolation weights between cells."""

from typing import Literal, NamedTuple, get_args

from torch import Tensor

from bdnet.errors import BdnetError

Kernel = Literal["linear", "cubic"]
SHARPNESS = -0.75  # of the cubic one, as in torch's grid_sample


class Tap(NamedTuple):
    """For each position, a cell and its weight."""

    cell: Tensor
    weight: Tensor


def check_kernel(kernel: Kernel) -> Kernel:
    """Returns the kernel, or refuses it."""
    if kernel not in get_args(Kernel):
        raise BdnetError(f"propagation.kernel={kernel}: use linear, or cubic, which blurs less")
    return kernel


def taps(position: Tensor, size: int, kernel: Kernel) -> list[Tap]:
    """The taps of positions along one axis of `size` cells; the border is repeated."""
    return _linear(position, size) if kernel == "linear" else _cubic(position, size)


def _linear(position: Tensor, size: int) -> list[Tap]:
    position = position.clamp(0, size - 1)
    first = position.floor()
    beyond = position - first
    second = (first + 1).clamp(max=size - 1)  # no neighbour beyond the border: its weight is zero
    return [Tap(first.long(), 1 - beyond), Tap(second.long(), beyond)]


def _cubic(position: Tensor, size: int) -> list[Tap]:
    """Cubic convolution (Keys 1981) of the four cells around, two of them with negative weights."""
    position = position.clamp(-2, size + 1)  # farther out the value is the same
    first = position.floor()
    beyond = position - first
    weights = _outer(1 + beyond), _inner(beyond), _inner(1 - beyond), _outer(2 - beyond)
    return [
        Tap((first + step).clamp(0, size - 1).long(), weight)
        for step, weight in zip((-1, 0, 1, 2), weights, strict=True)
    ]


def _inner(distance: Tensor) -> Tensor:
    """The weight of a cell up to one cell away."""
    return ((SHARPNESS + 2) * distance - (SHARPNESS + 3)) * distance * distance + 1


def _outer(distance: Tensor) -> Tensor:
    """The weight of a cell one to two cells away."""
    return SHARPNESS * (((distance - 5) * distance + 8) * distance - 4)
