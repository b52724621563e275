"""What every source of motion is."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class StepFlow(nn.Module, ABC):
    """The motion from one frame to the next."""

    @abstractmethod
    def forward(self, before: Tensor, image: Tensor, motion: Tensor) -> Tensor:
        """Two pictures [b, 3, H, W] and the stream's vectors between them -> a field.

        Both fields are [b, 2, ceil(H/8), ceil(W/8)] pixels: the content at p came from p + field.
        """
