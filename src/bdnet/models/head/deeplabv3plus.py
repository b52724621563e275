"""DeepLabV3+'s head: context at several dilations, refined by the shallow feature."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torchvision.models.segmentation.deeplabv3 import ASPP  # type: ignore[import-untyped]

from bdnet.models.backbone import Backbone, Pyramid
from bdnet.models.errors import BadModel
from bdnet.models.head.base import Head
from bdnet.models.norm import Norm
from bdnet.motion.upsampling import enlarge

DROPOUT = 0.1


class DeepLabV3Plus(Head):
    """Atrous spatial pyramid pooling, and a decoder that joins it with the feature at stride 4.

        deep 1/8 ---- context -- x2 --+-- 3x3 -- 3x3 -- 1x1 -- logits 1/4
        shallow 1/4 -- 1x1 -- BN -----+

    The shallow feature is the keyframe's: its 1x1 convolution is propagated as the deep feature is,
    whatever frame a boundary stream starts from [reading], so that the head reads no pixels of the
    target.

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
        self.context = ASPP(backbone.channels, list(dilations), width)
        # torchvision's layers, but for two: the mean of a single image has one value per channel
        self.context.convs[-1][2] = Norm(width)
        self.context.project[-1] = nn.Dropout(DROPOUT)
        self.project = nn.Conv2d(backbone.shallow_channels, low, 1, bias=False)
        self.enter = nn.Sequential(nn.BatchNorm2d(low), nn.ReLU(inplace=True))
        self.decode = nn.Sequential(*_convolution(width + low, width), *_convolution(width, width))
        self.classify = nn.Conv2d(width, classes, 1)

    def collect(self, pyramid: Pyramid) -> tuple[Tensor, ...]:
        return (self.project(pyramid.shallow),)

    def forward(self, feature: Tensor, *collected: Tensor) -> Tensor:
        (shallow,) = collected
        context = enlarge(self.context(feature), 2)
        logits: Tensor = self.classify(self.decode(torch.cat([context, self.enter(shallow)], 1)))
        return logits


def _convolution(channels: int, width: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, width, 3, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True)
