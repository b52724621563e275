"""Steps as programs of torch.export, with the names and shapes of their inputs and outputs."""

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

# two sizes: a side of a tensor that differs between them follows the height or the width
TRACED, COMPARED = (64, 96), (136, 168)


class Port(NamedTuple):
    """An input or output; where the size is open, sides are multiples of `rows` and `columns`.

    shape: rows and columns count cells of 8 pixels
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def open_sides(self) -> dict[int, Any]:
        """The axes that follow the size of the picture, in torch.export's form."""
        dimensions = {}
        for axis, side in enumerate(self.shape):
            if isinstance(side, str):
                factor, _, name = side.rpartition("*")
                dimensions[axis] = int(factor) * Dim(name) if factor else Dim(name)
        return dimensions


class Graph(NamedTuple):
    """A step that was traced.

    state: of inputs of later steps, the outputs of this one that they are
    """

    name: str
    program: ExportedProgram
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    state: dict[str, str]

    def described(self) -> dict[str, Any]:
        """Its entry in graphs.json."""
        return {
            "inputs": [port._asdict() for port in self.inputs],
            "outputs": [port._asdict() for port in self.outputs],
            "state": self.state,
        }


def trace(model: VideoModel, size: Size | None) -> list[Graph]:
    """The key step and, where there is one, the other, for pictures of this size or of any."""
    if size is not None:
        return [_traced(part, part) for part in split(model, size)]
    traced, compared = (split(model, side, is_dynamic=True) for side in (TRACED, COMPARED))
    try:
        return [_traced(*parts) for parts in zip(traced, compared, strict=True)]
    except UserError as error:
        reason = str(error).splitlines()[0]
        raise BadModel(f"dynamic=true: {reason} This network wants size=[H,W]") from error


def _traced(part: Part, compared: Part) -> Graph:
    inputs = _ports(part.inputs, compared.inputs)
    sides = [port.open_sides() for port in inputs]
    # the inputs after motion and valid are one argument, a tuple
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
        Port(
            name,
            str(tensor.dtype).removeprefix("torch."),
            tuple(map(_side, tensor.shape, compared[name].shape)),
        )
        for name, tensor in tensors.items()
    )


def _side(traced: int, compared: int) -> int | str:
    """A tensor's side, given its lengths for both sizes of the picture."""
    if traced == compared:
        return traced
    for name, first, second in zip(("rows", "columns"), TRACED, COMPARED, strict=True):
        factor = traced // cells(first)
        if (traced, compared) == (factor * cells(first), factor * cells(second)):
            return name if factor == 1 else f"{factor}*{name}"
    raise ValueError(f"a side of {traced}, or {compared}, follows neither height nor width")
