"""Trained networks with fewer operations and the same logits."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from bdnet.models.base import Step, VideoModel
from bdnet.models.segmenter import Segmenter
from bdnet.types import CELL

GRID = 8  # cells: height and width of the example
TOLERANCE = 1e-3  # of the logits' standard deviation: rounding stays far below it

Network = TypeVar("Network", bound=VideoModel)


def for_inference(model: Network) -> Network:
    """A frozen copy in evaluation mode, its batch normalisations folded, its head split.

    A step on an example shows which normalisation follows which convolution, for any backbone. A
    network whose logits would change keeps its normalisations.
    """
    plain = deepcopy(model).eval().requires_grad_(False)
    if isinstance(plain, Segmenter):
        plain.split_for_inference()
    folded = deepcopy(plain)
    _replace(folded, {norm: _fold(convolution, norm) for convolution, norm in _pairs(folded)})
    pairs = zip(_logits(plain), _logits(folded), strict=True)
    is_same = all(float((a - b).abs().max()) <= TOLERANCE * float(a.std()) for a, b in pairs)
    return folded if is_same else plain


def _pairs(model: VideoModel) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Pairs of a convolution and its normalisation, if neither is used with any other."""
    results: dict[int, tuple[nn.Conv2d, Tensor]] = {}  # by id; holds the tensor, so ids stay unique
    sources: dict[nn.BatchNorm2d, set[nn.Conv2d | None]] = defaultdict(set)

    def convolved(module: nn.Conv2d, _: Any, result: Tensor) -> None:
        results[id(result)] = module, result

    def normalised(module: nn.BatchNorm2d, inputs: tuple[Tensor, ...]) -> None:
        sources[module].add(results.get(id(inputs[0]), (None, None))[0])

    hooks = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(convolved))
        elif isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            hooks.append(module.register_forward_pre_hook(normalised))
    _logits(model)
    for hook in hooks:
        hook.remove()
    pairs = [(next(iter(inputs)), norm) for norm, inputs in sources.items() if len(inputs) == 1]
    counts = Counter(convolution for convolution, _ in pairs)
    return [(source, norm) for source, norm in pairs if source and counts[source] == 1]


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Module:
    """Folds a normalisation into its convolution; returns its dropout and activation."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps,
        norm.weight, norm.bias,
    )  # fmt: skip
    rest = [getattr(norm, name) for name in ("drop", "act") if hasattr(norm, name)]  # timm's norms
    return nn.Sequential(*rest) if rest else nn.Identity()


def _replace(model: nn.Module, replacements: Mapping[nn.BatchNorm2d, nn.Module]) -> None:
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and child in replacements:
                setattr(parent, name, replacements[child])


@torch.no_grad()
def _logits(model: VideoModel) -> list[Tensor]:
    """Logits of an example's keyframe and of the frame after it."""
    device, grid = next(model.parameters()).device, (GRID, GRID)
    generator = torch.Generator().manual_seed(0)
    size = [CELL * side for side in grid]
    image, later = torch.randn(2, 1, 3, *size, generator=generator).to(device)
    motion = torch.zeros(1, 2, *grid, device=device)
    valid = torch.ones(1, *grid, dtype=torch.bool, device=device)
    state, first = model.step(model.start(), Step(image, is_key=True))
    _, second = model.step(state, Step(later, motion, valid))
    return [first, second]
