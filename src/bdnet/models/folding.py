"""Batch normalisations made part of the convolutions before them, for networks in use."""

from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from bdnet.models.base import Step, VideoModel
from bdnet.types import CELL

GRID = 8  # cells: height and width of the example
SAME = 1e-3  # of the scores' spread: what rounding may change

Network = TypeVar("Network", bound=VideoModel)


def folded(model: Network) -> Network:
    """A copy for use alone, which says the same in fewer operations.

    Which norm follows which convolution is watched on an example, so that any backbone will do; of
    a network that says something else afterwards the copy is left as it was.
    """
    plain = deepcopy(model).eval().requires_grad_(False)
    made = deepcopy(plain)
    _replace(made, {norm: _fold(convolution, norm) for convolution, norm in _pairs(made)})
    pairs = zip(_scores(plain), _scores(made), strict=True)
    is_same = all(float((a - b).abs().max()) <= SAME * float(a.std()) for a, b in pairs)
    return made if is_same else plain


def _pairs(model: VideoModel) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Convolutions and the norms of their results, where neither has others."""
    results: dict[int, tuple[nn.Conv2d, Tensor]] = {}  # by identity, and so kept
    sources: dict[nn.BatchNorm2d, set[nn.Conv2d | None]] = defaultdict(set)

    def convolved(module: nn.Conv2d, _: Any, result: Tensor) -> None:
        results[id(result)] = module, result

    def normalised(module: nn.BatchNorm2d, given: tuple[Tensor, ...]) -> None:
        sources[module].add(results.get(id(given[0]), (None, None))[0])

    hooks = [
        each.register_forward_hook(convolved)
        for each in model.modules()
        if isinstance(each, nn.Conv2d)
    ] + [
        each.register_forward_pre_hook(normalised)
        for each in model.modules()
        if isinstance(each, nn.BatchNorm2d) and each.running_mean is not None
    ]
    _scores(model)
    for hook in hooks:
        hook.remove()
    found = [(found.pop(), norm) for norm, found in sources.items() if len(found) == 1]
    counts = [source for source, _ in found]
    return [(source, norm) for source, norm in found if source and counts.count(source) == 1]


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Module:
    """Lets a convolution do what its norm does; what is left of that."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps,
        norm.weight, norm.bias,
    )  # fmt: skip
    rest = [getattr(norm, name) for name in ("drop", "act") if hasattr(norm, name)]  # timm's norms
    return nn.Sequential(*rest) if rest else nn.Identity()


def _replace(model: nn.Module, others: Mapping[nn.BatchNorm2d, nn.Module]) -> None:
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and child in others:
                setattr(parent, name, others[child])


@torch.no_grad()
def _scores(model: VideoModel) -> list[Tensor]:
    """What a network says of an example's keyframe and of the frame after it."""
    device, grid = next(model.parameters()).device, (GRID, GRID)
    generator = torch.Generator().manual_seed(0)
    size = [CELL * each for each in grid]
    image, later = torch.randn(2, 1, 3, *size, generator=generator).to(device)
    motion = torch.zeros(1, 2, *grid, device=device)
    valid = torch.ones(1, *grid, dtype=torch.bool, device=device)
    state, first = model.step(model.start(), Step(image, is_key=True))
    _, second = model.step(state, Step(later, motion, valid))
    return [first, second]
