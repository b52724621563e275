"""Batch normalisation for maps that may be a single value."""

from torch import Tensor, nn
from torch.nn import functional


class Norm(nn.BatchNorm2d):
    """Batch normalisation that accepts one value per channel in training.

    A single value has no variance: it is normalised by the running statistics, which stay as they
    are. So networks that normalise the mean of a picture can train on a batch of one.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # as torch calls it
        if not self.training or input.numel() > input.shape[1]:
            return super().forward(input)
        return functional.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )
