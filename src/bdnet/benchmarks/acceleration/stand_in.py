"""Networks with random weights, whose label maps are as busy as those of a street."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.benchmarks.base import CannotMeasure
from bdnet.data.streets import CLASSES, StreetParameters, render

STRIDE = 8  # of the scores that stand in for a network's


class StandIn(nn.Module):
    """A network's seconds, and the scores of a street; off: only the scores."""

    def __init__(self, network: nn.Module | None, scores: Tensor) -> None:
        super().__init__()
        self.network, self.scores, self.is_on = network, scores, False

    def forward(self, pictures: Tensor) -> Tensor:
        if self.network is not None and self.is_on:
            network: Any = self.network
            features = network.backbone(pictures)
            network.classifier(features.get("out", features))
        return self.scores.expand(len(pictures), -1, -1, -1)


def street_scores(height: int, width: int) -> Tensor:
    """Scores [1, classes, h, w] at stride 8 whose labels are a rendered street's."""
    _, labels = next(iter(render(StreetParameters(height, width, 1), 0)))
    classes = torch.from_numpy(np.minimum(labels, len(CLASSES)).astype(np.int64))
    planes = functional.one_hot(classes, len(CLASSES) + 1)[..., :-1].permute(2, 0, 1)[None].float()
    return 8 * functional.avg_pool2d(planes, STRIDE, ceil_mode=True)


def made(name: str) -> nn.Module:
    from torchvision import models  # type: ignore[import-untyped]  # noqa: PLC0415  # a second

    known = models.list_models(models.segmentation)
    if name not in known:
        raise CannotMeasure(f"networks={name}: torchvision has {', '.join(known)}")
    network: nn.Module = models.get_model(
        name, weights=None, weights_backbone=None, num_classes=len(CLASSES)
    )
    return network.eval()
