"""Steps as programs of torch.export, with names and shapes written down."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch._dynamo.exc import UserError
from torch.export import Dim, ExportedProgram

from bdnet.inference.graphs.steps import Part, split
from bdnet.models.base import VideoModel
from bdnet.models.errors import BadModel
from bdnet.types import Size, cells

# what changes from one size to the other follows the height or the width
TRACED, COMPARED = (64, 96), (136, 168)


class Port(NamedTuple):
    """An input or output; where the size is open, sides are multiples of `rows` and `columns`.

    shape: rows and columns count cells of 8 pixels
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def open_sides(self) -> dict[int, Any]:
        """The axes that follow the size of the picture, as torch.export wants to know them."""
        found = {}
        for axis, side in enumerate(self.shape):
            if isinstance(side, str):
                factor, _, name = side.rpartition("*")
                found[axis] = int(factor) * Dim(name) if factor else Dim(name)
        return found


class Graph(NamedTuple):
    """A step that was traced.

    state: which inputs of later steps are which outputs of this one
    """

    name: str
    program: ExportedProgram
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    state: dict[str, str]

    def described(self) -> dict[str, Any]:
        """As it stands in graphs.json."""
        ports = {"inputs": self.inputs, "outputs": self.outputs}
        listed = {side: [port._asdict() for port in each] for side, each in ports.items()}
        return {**listed, "state": self.state}


def trace(model: VideoModel, size: Size | None) -> list[Graph]:
    """The key step and, where there is one, the other, for pictures of this size or of any."""
    if size is not None:
        return [_traced(part, part) for part in split(model, size)]
    pairs = zip(*(split(model, each, is_dynamic=True) for each in (TRACED, COMPARED)), strict=True)
    try:
        return [_traced(*pair) for pair in pairs]
    except UserError as error:
        reason = str(error).splitlines()[0]
        raise BadModel(f"dynamic=true: {reason} This network wants size=[H,W]") from error


def _traced(part: Part, compared: Part) -> Graph:
    inputs = _ports(part.inputs, compared.inputs)
    sides = [port.open_sides() for port in inputs]
    # what comes after motion and valid is one argument
    dynamic = (*sides[:2], tuple(sides[2:])) if part.name == "other" else tuple(sides)
    is_dynamic = part is not compared
    with torch.no_grad():
        program = torch.export.export(
            part.step, tuple(part.inputs.values()), dynamic_shapes=dynamic if is_dynamic else None
        )
    outputs = _ports(part.outputs(), compared.outputs())
    return Graph(part.name, program, inputs, outputs, part.state)


def _ports(tensors: Mapping[str, Tensor], compared: Mapping[str, Tensor]) -> tuple[Port, ...]:
    return tuple(
        Port(name, str(each.dtype).removeprefix("torch."), _shape(each, compared[name]))
        for name, each in tensors.items()
    )


def _shape(one: Tensor, other: Tensor) -> tuple[int | str, ...]:
    return tuple(map(_side, one.shape, other.shape))


def _side(one: int, other: int) -> int | str:
    """A side of a tensor on pictures of both sizes."""
    if one == other:
        return one
    for name, first, second in zip(("rows", "columns"), TRACED, COMPARED, strict=True):
        factor = one // cells(first)
        if (one, other) == (factor * cells(first), factor * cells(second)):
            return name if factor == 1 else f"{factor}*{name}"
    raise ValueError(f"a side of {one}, or {other}, follows neither height nor width")
