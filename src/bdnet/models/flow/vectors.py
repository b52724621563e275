"""Motion as the compressed stream has it."""

from torch import Tensor

from bdnet.models.flow.base import StepFlow


class VectorFlow(StepFlow):
    """The codec's vectors, which cost nothing."""

    def forward(self, before: Tensor, image: Tensor, motion: Tensor) -> Tensor:  # noqa: ARG002
        return motion
