"""The base class of adapters."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.preprocessing import Batch, Image, Preprocess, first_line
from bdnet.inference.accelerate.scores import Form, Output, Probabilities, Ready, check_scores

Choose = Callable[[Any], Any]  # selects the scores in a network's output


class Adapter(ABC):
    """A network of any library, as a function from pictures to its scores.

    form:    in which its scores travel
    batches: several pictures at once are as good as one by one
    moves:   the network can be moved to a GPU
    """

    batches: ClassVar[bool] = True
    moves: ClassVar[bool] = False
    classes: Classes | None = None  # if the object has their names

    def __init__(self, preprocess: Preprocess, form: Form | None = None) -> None:
        self.preprocess = preprocess
        self.form = form or Probabilities()
        self.device = torch.device("cpu")

    @abstractmethod
    def answer(self, batch: Batch) -> Output:
        """The network's scores of a batch."""

    def to(self, device: torch.device) -> None:
        """Moves the network to a device."""
        if device.type != "cpu":
            raise BdnetError(
                f"device={device}: this network runs on the CPU only; use cpu, or leave it out"
            )

    @torch.no_grad()
    def __call__(self, images: Sequence[Image]) -> Output:
        """Frames uint8 RGB [H, W, 3] of one size -> the network's output."""
        batch = self.preprocess(images, self.device)
        try:
            output = self.answer(batch)
        except BdnetError:
            raise
        except Exception as error:  # whatever somebody else's network raises
            height, width = images[0].shape[:2]
            raise BdnetError(
                f"the network failed on frames of {height}x{width} (height x width), given to it "
                f"as {list(batch.pictures.shape)}: {type(error).__name__}: {first_line(error)}; if "
                "it needs another size, use preprocess=dict(size=(height, width)) or "
                "dict(multiple=32)"
            ) from error
        return self._as_form(check_scores(output, len(images)))

    def _as_form(self, output: Output) -> Output:
        """Makes a binary channel two classes, the first with score 0."""
        if not output.scores.is_floating_point():
            if not isinstance(self.form, Ready):
                self.form = Ready()
        elif output.scores.shape[1] == 1 and isinstance(self.form, Probabilities):
            scores = output.scores
            return output._replace(scores=torch.cat([torch.zeros_like(scores), scores], 1))
        return output


def scores_in(answer: Any) -> Tensor:
    """The scores [b, c, h, w], or ready labels int64 [b, 1, h, w], in a network's output."""
    if isinstance(answer, Tensor):
        return as_maps(answer)
    for key in ("out", "logits"):
        if isinstance(answer, dict) and key in answer:
            return as_maps(answer[key])
    if hasattr(answer, "logits"):
        return as_maps(answer.logits)
    if isinstance(answer, tuple | list) and answer and isinstance(answer[0], Tensor):
        return as_maps(answer[0])
    keys = f" with {', '.join(map(str, answer))}" if isinstance(answer, dict) else ""
    raise BdnetError(
        f"the network answered with a {type(answer).__name__}{keys}: no tensor, no 'out' and no "
        "'logits'; select the scores with output=, a key or a function"
    )


def as_maps(scores: Tensor) -> Tensor:
    """Adds the axis of classes to maps of three axes: binary scores, or ready labels."""
    if scores.ndim == 3:
        scores = scores[:, None]
    if scores.dtype == torch.bool or not scores.is_floating_point():
        if scores.ndim != 4 or scores.shape[1] != 1:
            raise BdnetError(
                f"the network's output is {scores.dtype} {list(scores.shape)}: whole numbers are "
                "taken as ready labels, [pictures, rows, columns]; give scores as floats"
            )
        return scores.long()
    return scores.float()


def choose(output: str | int | Choose | None) -> Choose:
    """output= as a function."""
    if output is None:
        return scores_in
    if callable(output):
        return lambda answer: scores_in(output(answer))
    if not isinstance(output, str | int):
        raise BdnetError(f"output={output!r}: a key, a position or a function of the answer")

    def pick(answer: Any) -> Tensor:
        try:
            if isinstance(output, str) and hasattr(answer, output):
                return scores_in(getattr(answer, output))
            return scores_in(answer[output])
        except (KeyError, IndexError, TypeError) as error:
            names = f": {', '.join(map(str, answer))}" if isinstance(answer, dict) else ""
            raise BdnetError(
                f"output={output!r}: not in the network's answer, a {type(answer).__name__}{names}"
            ) from error

    return pick
