"""Networks of our own training runs."""

from pathlib import Path
from typing import Any

from bdnet.inference.accelerate.adapters.base import as_maps
from bdnet.inference.accelerate.adapters.modules import Module
from bdnet.inference.accelerate.adapters.preprocessing import Batch, Normalise
from bdnet.inference.accelerate.scores import Output
from bdnet.inference.network import Network, load
from bdnet.models.base import Step
from bdnet.motion.upsampling import stride_of


class OwnRun(Module):
    """A run's network, run on single frames as on its keyframes."""

    def __init__(self, network: Network, **rest: Any) -> None:
        super().__init__(network.model, Normalise(), **rest)
        self.classes = network.classes

    def output(self, batch: Batch) -> Output:
        scores = as_maps(self.model.step(self.model.start(), Step(batch.pictures, is_key=True))[1])
        # its cells are a power of two, and the last ones may hang over the edge
        stride = max(
            stride_of(size, cells)
            for size, cells in zip(batch.pictures.shape[-2:], scores.shape[-2:], strict=True)
        )
        rows, columns = scores.shape[-2:]
        return Output(scores, (stride * rows, stride * columns))


def own_run(folder: Path, **rest: Any) -> OwnRun:
    return OwnRun(load(folder), **rest)
