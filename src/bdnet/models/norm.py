"""Normalisation of what may be a single value."""

from torch import Tensor, nn
from torch.nn import functional


class Norm(nn.BatchNorm2d):
    """Batch normalisation that one value per channel, which has no spread, passes too.

    It is normalised by the running statistics then, and leaves them as they are: so a batch of one
    picture, whose mean is one value, can be trained on.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # as torch calls it
        if not self.training or input.numel() > input.shape[1]:
            return super().forward(input)
        return functional.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )
