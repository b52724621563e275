"""Batch normalisation over the clips of all processes."""

from functools import cache
from typing import Any, ClassVar, cast

import torch
import torch.distributed as dist
from pytorch_lightning.plugins import LayerSync
from torch import Tensor, nn

PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class JointNorm(LayerSync):
    """Our `sync_batchnorm` of a trainer, which also works on CPUs and with timm's networks.

    torch's SyncBatchNorm works on GPUs only, and its conversion, which Lightning uses, drops the
    activations that timm has put into its layers. Here a layer stays the same object, with its
    weights and its activation, and only its class changes until it is reverted.
    """

    def apply(self, model: nn.Module) -> nn.Module:
        for layer in model.modules():
            if isinstance(layer, PLAIN) and not isinstance(layer, _Joint):
                layer.__class__ = joint(type(layer))  # type: ignore[assignment,arg-type]  # a subclass
        return model

    def revert(self, model: nn.Module) -> nn.Module:
        for layer in model.modules():
            if isinstance(layer, _Joint):
                layer.__class__ = type(layer).plain  # type: ignore[assignment]  # the same
        return model


class _Joint(nn.modules.batchnorm._BatchNorm):
    """A layer whose statistics in training are those of the clips of all processes.

    plain: the layer's original class, perhaps a subclass of torch's
    """

    plain: ClassVar[type[nn.Module]]
    process_group = None  # all of them
    _check_non_zero_input_channels = nn.SyncBatchNorm._check_non_zero_input_channels

    def forward(self, images: Tensor) -> Tensor:
        if not (self.training and dist.is_initialized() and dist.get_world_size() > 1):
            return super().forward(images)
        if images.is_cuda:
            normed = nn.SyncBatchNorm.forward(self, images)  # type: ignore[arg-type]  # alike
        else:
            normed = self._normed(images.float()).to(images.dtype)
        for name in ("drop", "act"):  # timm's
            normed = getattr(self, name, nn.Identity())(normed)
        return normed

    def _normed(self, images: Tensor) -> Tensor:
        channels = (1, -1, *[1] * (images.ndim - 2))
        rest = [0, *range(2, images.ndim)]
        count = _Sum.apply(images.new_tensor(images.numel() / images.shape[1]))
        mean = _Sum.apply(images.sum(rest)) / count
        centred = images - mean.view(channels)
        variance = _Sum.apply(centred.square().sum(rest)) / count
        if self.running_mean is not None and self.running_var is not None:
            self._remember(mean.detach(), (variance * count / (count - 1).clamp(min=1)).detach())
        normed = centred * (variance + self.eps).rsqrt().view(channels)
        if self.affine:
            normed = normed * self.weight.view(channels) + self.bias.view(channels)
        return cast(Tensor, normed)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _Sum(torch.autograd.Function):
    """A sum over all processes, with gradients summed over all processes too."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:  # noqa: ARG004
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ARG004
        total = gradient.clone()
        dist.all_reduce(total)
        return total


@cache
def joint(plain: type[nn.Module]) -> type[nn.Module]:
    """The class that layers of a plain class have while they are joint."""
    return type(f"Joint{plain.__name__}", (_Joint, plain), {"plain": plain})
