"""The two steps of a network, each a function of tensors."""

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bdnet.data.normalisation import normalise_images
from bdnet.models.base import State, Step, VideoModel
from bdnet.models.errors import BadModel
from bdnet.motion.upsampling import enlarge, stride_of
from bdnet.motion.warp import memory_format_of
from bdnet.types import CELL, Size, cells


class GraphStep(nn.Module):
    """What both steps share.

    size:             of the picture; None: any whose sides are multiples of 8
    stride:           of the logits
    is_channels_last: of each tensor of the state; graphs pass those on as [1, h, w, c]
    """

    def __init__(
        self, model: VideoModel, size: Size | None, stride: int, is_channels_last: Sequence[bool]
    ) -> None:
        super().__init__()
        self.model, self.size, self.stride = model, size, stride
        self.is_channels_last = tuple(is_channels_last)

    def labels(self, logits: Tensor, rows: int, columns: int) -> Tensor:
        """Logits on a picture of rows x columns cells -> uint8 [1, H, W]."""
        height, width = self.size or (CELL * rows, CELL * columns)
        whole = enlarge(logits, self.stride)[..., :height, :width]
        return whole.max(1).indices.to(torch.uint8)

    def stored(self, state: State) -> Iterator[Tensor]:
        for tensor, is_last in zip(state, self.is_channels_last, strict=True):
            yield tensor.permute(0, 2, 3, 1) if is_last else tensor

    def restored(self, stored: Sequence[Tensor]) -> State:
        return tuple(
            tensor.permute(0, 3, 1, 2) if is_last else tensor
            for tensor, is_last in zip(stored, self.is_channels_last, strict=True)
        )


class KeyStep(GraphStep):
    """A keyframe: image -> labels, logits, state.

    image:  uint8 RGB [1, H, W, 3]
    labels: uint8 [1, H, W] classes
    logits: float32 [1, classes, h, w]
    state:  for the following frames, one tensor after the other
    """

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        frame = Step(_read(image), is_key=True)
        state, logits = self.model.step(self.model.start(), frame)
        rows, columns = (cells(side) for side in image.shape[1:3])
        return self.labels(logits, rows, columns), logits, *self.stored(state)


class OtherStep(GraphStep):
    """A frame between keyframes: motion, valid, (image,) state -> labels, logits, new state.

    motion: float32 [1, 2, ceil(H/8), ceil(W/8)] pixels, as in `bdnet.types.Frame`
    valid:  bool [1, ceil(H/8), ceil(W/8)]
    image:  as of a keyframe; where the network does not read it, there is no such input
    changes: of each tensor of the state, whether the step computes a new one, which is an output
    """

    def __init__(self, base: GraphStep, changes: Sequence[bool]) -> None:
        super().__init__(base.model, base.size, base.stride, base.is_channels_last)
        self.changes = tuple(changes)

    def forward(self, motion: Tensor, valid: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        images = len(rest) - len(self.is_channels_last)
        image = _read(rest[0]) if images else None
        state = self.restored(rest[images:])
        state, logits = self.model.step(state, Step(image, motion, valid))
        changed = compress(self.stored(state), self.changes)
        return self.labels(logits, *motion.shape[-2:]), logits, *changed


class Part(NamedTuple):
    """A step with its inputs and outputs.

    name:   key or other
    inputs: an example of each, by name, in order
    state:  of inputs of later steps, the outputs of this one that they are: its last, in order
    """

    name: str
    step: GraphStep
    inputs: dict[str, Tensor]
    state: dict[str, str]

    @torch.no_grad()
    def outputs(self) -> dict[str, Tensor]:
        """The outputs for the example, by name, in order."""
        names = ["labels", "logits", *self.state.values()]
        return dict(zip(names, self.step(*self.inputs.values()), strict=True))


@torch.no_grad()
def split(model: VideoModel, size: Size, is_dynamic: bool = False) -> list[Part]:
    """A network's steps, for pictures of this size or of any; one, where it keeps no state."""
    if not model.has_two_steps:
        raise BadModel(
            f"{type(model).__name__}: what it does changes with the number of the frame, which two "
            "graphs cannot hold; export another network, such as model=bdnet or single_frame"
        )
    model, (height, width) = model.eval(), size
    image = torch.zeros(1, height, width, 3, dtype=torch.uint8)
    motion = torch.zeros(1, 2, cells(height), cells(width))
    valid = torch.ones(1, cells(height), cells(width), dtype=torch.bool)
    state, logits = model.step(model.start(), Step(_read(image), is_key=True))
    stride = max(stride_of(*sides) for sides in zip(size, logits.shape[-2:], strict=True))
    is_last = [
        tensor.ndim == 4 and memory_format_of(tensor) == torch.channels_last for tensor in state
    ]
    key = KeyStep(model, None if is_dynamic else size, stride, is_last)
    names = [f"state_{number}" for number in range(len(state))]
    parts = [Part("key", key, {"image": image}, dict(zip(names, names, strict=True)))]
    if state:
        images = {"image": image} if model.pixels == "all" else {}
        following, _ = model.step(state, Step(_read(image) if images else None, motion, valid))
        changes = [new is not old for new, old in zip(following, state, strict=True)]
        stored = (tensor.contiguous() for tensor in key.stored(state))
        inputs = {"motion": motion, "valid": valid, **images}
        inputs |= dict(zip(names, stored, strict=True))
        changed = {name: f"next_{name}" for name in compress(names, changes)}
        parts.append(Part("other", OtherStep(key, changes), inputs, changed))
    return parts


def _read(image: Tensor) -> Tensor:
    """uint8 RGB [1, H, W, 3] -> normalised [1, 3, H, W]."""
    return normalise_images(image.permute(0, 3, 1, 2))
