"""Networks that are files: ONNX graphs, and programs of torch.export."""

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.base import Adapter, Choose, choose
from bdnet.inference.accelerate.adapters.modules import Module
from bdnet.inference.accelerate.adapters.preprocessing import (
    Batch,
    Normalise,
    Preprocess,
    first_line,
)
from bdnet.inference.accelerate.scores import Form, Output


class Onnx(Adapter):
    """A graph that onnxruntime runs: its first input is the pictures, its first output the scores.

    A graph of one size gets pictures of this size.
    """

    def __init__(
        self,
        session: Any,
        preprocess: Preprocess | None = None,
        output: str | int | Choose | None = None,
        form: Form | None = None,
    ) -> None:
        self.session = session
        inputs = session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            shapes = ", ".join(f"{value.name} {value.shape}" for value in inputs)
            raise BdnetError(
                f"this ONNX graph reads {shapes}: expected one input, pictures [n, 3, h, w]"
            )
        self.input = inputs[0]
        super().__init__(preprocess or Normalise(size=self._fixed_size()), form)
        names = [value.name for value in session.get_outputs()]
        if isinstance(output, str) and output not in names:
            raise BdnetError(f"output={output}: this ONNX graph gives {', '.join(names)}")
        named = isinstance(output, str)
        self._outputs = [output] if named else names
        self._choose = choose(None if named else output)

    def _fixed_size(self) -> tuple[int, int] | None:
        shape: Sequence[Any] = self.input.shape
        sides = shape[1:3] if shape[-1] == 3 else shape[2:]
        return (sides[0], sides[1]) if all(isinstance(side, int) for side in sides) else None

    def answer(self, batch: Batch) -> Output:
        pictures = batch.pictures.numpy()
        if self.input.shape[-1] == 3 and self.input.shape[1] != 3:
            pictures = pictures.transpose(0, 2, 3, 1)
        pictures = pictures.astype(np.float16 if "float16" in self.input.type else np.float32)
        size = self._fixed_size()
        given = tuple(batch.pictures.shape[-2:])
        if size not in (None, given):
            raise BdnetError(
                f"this ONNX graph was exported for pictures of {size[0]}x{size[1]}, and "
                f"preprocess= gives {given[0]}x{given[1]}: use "
                f"preprocess=dict(size={size}) or export it with dynamic axes"
            )
        # a graph for one picture gets them one by one
        step = len(pictures) if not isinstance(self.input.shape[0], int) else self.input.shape[0]
        answers = [
            self._run(pictures[first : first + step]) for first in range(0, len(pictures), step)
        ]
        return Output(torch.cat(answers), batch.extent)

    def _run(self, pictures: Any) -> torch.Tensor:
        arrays = self.session.run(self._outputs, {self.input.name: pictures})
        scores: torch.Tensor = self._choose([torch.from_numpy(value) for value in arrays])
        return scores


def onnx_session(path: Path, threads: int | None = None) -> Any:
    """An onnxruntime session of a file."""
    if find_spec("onnxruntime") is None:
        raise BdnetError(f"{path}: ONNX graphs need a package: pip install 'bdnet[export]'")
    if not path.is_file():
        raise BdnetError(f"{path}: no such file; give an ONNX graph")
    import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 4  # none but fatal errors: others are raised
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=onnxruntime.get_available_providers()
        )
    except Exception as error:  # of its own kinds, without a common base
        raise BdnetError(f"{path}: onnxruntime cannot read it: {first_line(error)}") from error


def exported_program(path: Path, trust: bool, **rest: Any) -> Module:
    """A `.pt2` file of torch.export."""
    if not path.is_file():
        raise BdnetError(f"{path}: no such file; give a program of torch.export")
    if not trust:
        raise BdnetError(
            f"{path}: opening a .pt2 file can run code that is in it; if you know where it comes "
            "from, use trust=true"
        )
    # it logs a traceback beside the error that it raises
    logging.getLogger("torch.export").setLevel(logging.CRITICAL)
    try:
        program = torch.export.load(path)
    except Exception as error:  # of any kind, from a file of any content
        raise BdnetError(f"{path}: torch.export cannot read it: {first_line(error)}") from error
    return Exported(program.module(), **rest)


class Exported(Module):
    """A program of torch.export, which is evaluated as it was exported."""

    def __init__(self, model: torch.nn.Module, **rest: Any) -> None:
        model.eval = lambda: model  # type: ignore[method-assign]  # which such a program refuses
        super().__init__(model, **rest)
