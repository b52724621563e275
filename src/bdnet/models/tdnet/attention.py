"""TDNet's attention: values of earlier frames, brought to the current one."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


class Memory(NamedTuple):
    """The parts of a frame that later frames attend to, on a coarser grid of h x w cells.

    query: [b, keys, h, w]
    key:   [b, keys, h, w]
    value: [b, width, h, w]
    """

    query: Tensor
    key: Tensor
    value: Tensor

    @staticmethod
    def batched(rows: "Iterable[Memory]") -> "Memory":
        """The memories of several samples as a batch."""
        return Memory._make(map(torch.cat, zip(*rows, strict=True)))


class Hop(nn.Module):
    """A(K, V, Q) = dropout(FC(dropout(softmax(Q K^T / sqrt(keys))) V)): from frame to later frame.

    dropout: of attention weights, and of the result
    """

    def __init__(self, width: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.dropout = dropout
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, key: Tensor, value: Tensor, query: Tensor) -> Tensor:
        """key, value [b, .., h, w] there, query [b, keys, H, W] here -> [b, width, H, W]"""
        q, k, v = (maps.flatten(2).transpose(1, 2)[:, None] for maps in (query, key, value))
        scale = 1 / math.sqrt(query.shape[1])
        attended = functional.scaled_dot_product_attention(
            q, k, v, scale=scale, dropout_p=self.dropout if self.training else 0.0
        )
        maps = attended[:, 0].transpose(1, 2).reshape(len(query), -1, *query.shape[2:])
        return functional.dropout(self.mix(maps), self.dropout, self.training)


def attend(past: Sequence[Memory], hops: Sequence[nn.Module], query: Tensor) -> Tensor:
    """The sum that past frames, oldest first, add to the current value: [b, width, H, W].

        V_1 --A--> + V_2 --A--> + V_3 --A--> o      A to frame i: query Q_i, keys K_i-1

    hops:  one from each past frame to the next frame; the last leads to the current one
    query: [b, keys, H, W] of the current frame
    """
    value = past[0].value
    for before, here, hop in zip(past, past[1:], hops, strict=False):
        value = here.value + hop(before.key, value, here.query)
    attended: Tensor = hops[-1](past[-1].key, value, query)
    return attended
