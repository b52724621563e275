"""Motion as a network estimates it."""

from torch import Tensor

from bdnet.models.flow.base import StepFlow
from bdnet.models.flownet import FlowNetS


class EstimatedFlow(StepFlow):
    """FlowNet-S between the two pictures.

    width: share of FlowNet-S's channels
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.network = FlowNetS(width)

    def forward(self, before: Tensor, image: Tensor, motion: Tensor) -> Tensor:  # noqa: ARG002
        flow: Tensor = self.network(before, image)[0]
        return flow
