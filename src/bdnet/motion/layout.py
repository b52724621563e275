"""How features lie in memory: channel by channel, or cell by cell (`torch.channels_last`).

A processor warps what lies cell by cell ten to twenty times as fast, and adds up two features
fastest that lie alike.
"""

import torch
from torch import Tensor


def layout(feature: Tensor) -> torch.memory_format:
    """Of a feature [b, c, h, w]."""
    is_by_cell = feature.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if is_by_cell else torch.contiguous_format


def by_cell(feature: Tensor) -> Tensor:
    """The feature as `warp` reads it fastest on a processor; as it is elsewhere."""
    if feature.device.type != "cpu":
        return feature
    return feature.contiguous(memory_format=torch.channels_last)
