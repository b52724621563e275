"""The two steps of a network, each a function of tensors alone."""

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

    size:      of the picture; None: any whose sides are multiples of 8
    stride:    of the logits
    lies_flat: which maps of the state lie cell by cell, and stay so from one graph to the next
    """

    def __init__(
        self, model: VideoModel, size: Size | None, stride: int, lies_flat: Sequence[bool]
    ) -> None:
        super().__init__()
        self.model, self.size, self.stride = model, size, stride
        self.lies_flat = tuple(lies_flat)

    def labels(self, logits: Tensor, rows: int, columns: int) -> Tensor:
        """Logits on a picture of so many cells -> uint8 [1, H, W]."""
        height, width = self.size or (CELL * rows, CELL * columns)
        whole = enlarge(logits, self.stride)[..., :height, :width]
        return whole.max(1).indices.to(torch.uint8)

    def stored(self, state: State) -> Iterator[Tensor]:
        """[1, c, h, w] -> [1, h, w, c], where memory is in this order already."""
        for each, is_flat in zip(state, self.lies_flat, strict=True):
            yield each.permute(0, 2, 3, 1) if is_flat else each

    def restored(self, stored: Sequence[Tensor]) -> State:
        return tuple(
            each.permute(0, 3, 1, 2) if is_flat else each
            for each, is_flat in zip(stored, self.lies_flat, strict=True)
        )


class KeyStep(GraphStep):
    """A keyframe: image -> labels, logits, state.

    image:  uint8 RGB [1, H, W, 3]
    labels: uint8 [1, H, W] classes
    logits: float32 [1, classes, h, w]
    state:  what the following frames need, one tensor after the other
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
    changes: which tensors of the state the step makes anew; the others stay as they are
    """

    def __init__(self, base: GraphStep, changes: Sequence[bool]) -> None:
        super().__init__(base.model, base.size, base.stride, base.lies_flat)
        self.changes = tuple(changes)

    def forward(self, motion: Tensor, valid: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        count = len(self.lies_flat)
        image = _read(others[0]) if len(others) > count else None
        state = self.restored(others[len(others) - count :])
        state, logits = self.model.step(state, Step(image, motion, valid))
        news = compress(self.stored(state), self.changes)
        return self.labels(logits, *motion.shape[-2:]), logits, *news


class Part(NamedTuple):
    """A step by itself.

    name:   key or other
    inputs: an example of each, by name, in order
    state:  which inputs of later steps are which outputs of this one; the last outputs, in order
    """

    name: str
    step: GraphStep
    inputs: dict[str, Tensor]
    state: dict[str, str]

    @torch.no_grad()
    def outputs(self) -> dict[str, Tensor]:
        """Of the example, by name, in order."""
        names = ["labels", "logits", *self.state.values()]
        return dict(zip(names, self.step(*self.inputs.values()), strict=True))


@torch.no_grad()
def split(model: VideoModel, size: Size, is_dynamic: bool = False) -> list[Part]:
    """A network's steps, for pictures of this size or of any; where nothing is remembered, one."""
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
    stride = max(stride_of(*each) for each in zip(size, logits.shape[-2:], strict=True))
    flat = [each.ndim == 4 and memory_format_of(each) == torch.channels_last for each in state]
    key = KeyStep(model, None if is_dynamic else size, stride, flat)
    names = [f"state_{number}" for number in range(len(state))]
    parts = [Part("key", key, {"image": image}, dict(zip(names, names, strict=True)))]
    if state:
        read = {"image": image} if model.pixels == "all" else {}
        following, _ = model.step(state, Step(_read(image) if read else None, motion, valid))
        changes = [new is not old for new, old in zip(following, state, strict=True)]
        stored = (each.contiguous() for each in key.stored(state))
        given = {"motion": motion, "valid": valid, **read, **dict(zip(names, stored, strict=True))}
        renewed = {
            name: f"next_{name}" for name, is_new in zip(names, changes, strict=True) if is_new
        }
        parts.append(Part("other", OtherStep(key, changes), given, renewed))
    return parts


def _read(image: Tensor) -> Tensor:
    """uint8 RGB [1, H, W, 3] as networks want it."""
    return normalise_images(image.permute(0, 3, 1, 2))
