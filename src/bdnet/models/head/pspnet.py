"""PSPNet's head (Zhao et al., 2017): pyramid pooling, then a 3x3 convolution."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.models.backbone import Backbone
from bdnet.models.head.base import Head
from bdnet.models.norm import Norm
from bdnet.models.pyramid import PyramidPooling

DROPOUT = 0.1


class FCN(nn.Module):
    """A 3x3 convolution to fewer channels, `mix`, and the classifier after it, `score`."""

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.score = nn.Sequential(
            Norm(width), nn.ReLU(), nn.Dropout2d(DROPOUT), nn.Conv2d(width, classes, 1)
        )

    def forward(self, feature: Tensor) -> Tensor:
        """[b, channels, h, w] -> [b, classes, h, w]"""
        scores: Tensor = self.score(self.mix(feature))
        return scores


class PSPNet(Head):
    """Pyramid pooling and an FCN; a teacher can predict from groups of its channels too.

    The 3x3 convolution is a sum g_1 + ... + g_n over groups of its input's channels, and
    logits = H(g_1 + ... + g_n), H being the classifier. A group by itself predicts H(n g_i).
    [reading] Group i has the i-th of n equal parts of the feature and of each pooled feature.

    align_corners: of the pyramid pooling, as published
    """

    def __init__(self, backbone: Backbone, classes: int, align_corners: bool = True) -> None:
        super().__init__()
        self.pyramid = PyramidPooling(backbone.channels, align_corners=align_corners)
        self.fcn = FCN(self.pyramid.out, backbone.channels // 4, classes)

    def forward(self, feature: Tensor, *_: Tensor) -> Tensor:
        logits: Tensor = self.fcn(self.pyramid(feature))
        return logits

    def mixed(self, feature: Tensor, groups: int) -> Tensor:
        """g_1 ... g_n of [b, channels, h, w]: [b, n, channels / 4, h, w]"""
        members = self.pyramid.members(groups).flatten().to(feature.device)
        weight = self.fcn.mix.weight[:, members].chunk(groups, 1)
        mixed = functional.conv2d(
            self.pyramid(feature)[:, members], torch.cat(weight), padding=1, groups=groups
        )
        return torch.stack(mixed.chunk(groups, 1), 1)

    def score_groups(self, mixed: Tensor) -> Tensor:
        """g_1 ... g_n [b, n, channels / 4, h, w] -> H(n g_i) [b, n, classes, h, w]"""
        groups = mixed.shape[1]
        return torch.stack([self.fcn.score(groups * group) for group in mixed.unbind(1)], 1)
