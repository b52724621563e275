"""DeepLabV3+'s head: context at several dilations, refined by the shallow feature."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.errors import BadModel
from bdnet.models.head.base import Head
from bdnet.models.norm import Norm
from bdnet.motion.upsampling import enlarge

DROPOUT = 0.1


class DeepLabV3Plus(Head):
    """Atrous spatial pyramid pooling, and a decoder that joins it with the feature at stride 4.

        deep 1/8 ---- context -- x2 --+-- 3x3 -- 3x3 -- 1x1 -- scores 1/4
        shallow 1/4 -- 1x1 -- BN -----+

    The shallow feature is the keyframe's: its 1x1 convolution travels along the motion as the deep
    feature does, whatever frame a boundary stream starts from [reading], so that the head asks for
    no pixels of the target.

    dilations: of the context's 3x3 convolutions; 12, 24, 36 are the usual ones at stride 8
    width:     channels of the context and of the decoder
    low:       channels of the shallow feature in the decoder
    """

    collects: ClassVar[int] = 1

    def __init__(
        self,
        backbone: Backbone,
        classes: int,
        dilations: Sequence[int] = (12, 24, 36),
        width: int = 256,
        low: int = 48,
    ) -> None:
        super().__init__()
        if width < 1 or low < 1:
            raise BadModel(f"head.width={width}, head.low={low}: at least 1 channel each")
        self.context = Context(backbone.channels, width, dilations)
        self.project = nn.Conv2d(backbone.shallow_channels, low, 1, bias=False)
        self.enter = nn.Sequential(nn.BatchNorm2d(low), nn.ReLU(inplace=True))
        self.decode = nn.Sequential(*convolved(width + low, width, 3), *convolved(width, width, 3))
        self.classify = nn.Conv2d(width, classes, 1)

    def collect(self, pyramid: Pyramid) -> tuple[Tensor, ...]:
        return (self.project(pyramid.shallow),)

    def forward(self, feature: Tensor, *others: Tensor) -> Tensor:
        (shallow,) = others
        context = enlarge(self.context(feature), 2)
        logits: Tensor = self.classify(self.decode(torch.cat([context, self.enter(shallow)], 1)))
        return logits


class Context(nn.Module):
    """A 1x1, dilated 3x3 convolutions and the mean of the picture, side by side, then mixed."""

    def __init__(self, channels: int, width: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                nn.Sequential(*convolved(channels, width, 1)),
                *(nn.Sequential(*convolved(channels, width, 3, each)) for each in dilations),
            ]
        )
        # of the whole picture: one value per channel, if it is alone
        self.mean = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, width, 1, bias=False),
            Norm(width),
            nn.ReLU(),
        )
        mixed = convolved((2 + len(dilations)) * width, width, 1)
        self.mix = nn.Sequential(*mixed, nn.Dropout(DROPOUT))

    def forward(self, feature: Tensor) -> Tensor:
        seen = [branch(feature) for branch in self.branches]
        mean = self.mean(feature).expand_as(seen[0])
        mixed: Tensor = self.mix(torch.cat([*seen, mean], 1))
        return mixed


def convolved(
    channels: int, width: int, kernel: int, dilation: int = 1
) -> tuple[nn.Conv2d, nn.BatchNorm2d, nn.ReLU]:
    """Convolution of the same size, BN, ReLU."""
    padding = dilation * (kernel // 2)
    return (
        nn.Conv2d(channels, width, kernel, padding=padding, dilation=dilation, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )
