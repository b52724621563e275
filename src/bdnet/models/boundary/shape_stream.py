"""The parts of a gated shape stream."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from bdnet.motion.upsampling import enlarge


class Residual(nn.Module):
    """Two 3x3 convolutions beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, stream: Tensor) -> Tensor:
        return functional.relu(stream + self.inner(stream))


class BoundaryAware(nn.Module):
    """Lets the stream through where a deeper feature agrees, then refines it.

    The gate is one channel of attention, computed from stream and guide by 1x1 convolutions.
    """

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.Conv2d(channels + 1, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, 1, 1),
        )
        self.refine = Residual(channels)
        self.narrow = nn.Conv2d(channels, out, 1)

    def forward(self, stream: Tensor, guide: Tensor) -> Tensor:
        """stream [b, channels, h, w], guide [b, 1, h, w] -> [b, out, h, w]"""
        gate = torch.sigmoid(self.attention(torch.cat([stream, guide], 1)))
        narrowed: Tensor = self.narrow(self.refine(stream * (1 + gate)))
        return narrowed


class ShapeStream(nn.Module):
    """Boundary-aware modules in a row; their result is fused into the deep feature.

    stream 1/4 --[x]--[x]--[x]--+-- edges 1/4
                  |    |    |   +-- thin: (stream, edges) at 1/8 -- fuse: 1x1, from zero --+
    guides 1/8 ---+----+----+                                                              |
    feature 1/8 -------------------------------------------------------------------------(+)-- head
    """

    def __init__(self, feature: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.gates = nn.ModuleList(
            BoundaryAware(width, following)
            for width, following in zip(channels, [*channels[1:], channels[-1]], strict=True)
        )
        self.edge = nn.Conv2d(channels[-1], 1, 1)
        self.fuse = nn.Conv2d(channels[-1] + 1, feature, 1, bias=False)
        # a network with boundary stream starts as the network without
        nn.init.zeros_(self.fuse.weight)

    def forward(self, guides: Tensor, stream: Tensor) -> tuple[Tensor, Tensor]:
        """guides [b, gates, h, w], stream [b, channels, 2 h, 2 w] -> thin map, and edge logits."""
        guides = enlarge(guides, 2)
        for gate, guide in zip(self.gates, torch.split(guides, 1, 1), strict=True):
            stream = gate(stream, guide)
        edges: Tensor = self.edge(stream)
        return functional.avg_pool2d(torch.cat([stream, torch.sigmoid(edges)], 1), 2), edges
