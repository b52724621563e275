"""The floating-point precision of inference."""

from typing import Literal, get_args

import torch

from bdnet.models.errors import BadModel

Precision = Literal["float32", "bfloat16"]


def check_precision(precision: str) -> None:
    if precision not in get_args(Precision):
        raise BadModel(f"precision={precision}: use {' or '.join(get_args(Precision))}")


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """The context in which networks multiply with this precision."""
    check_precision(precision)
    is_mixed = precision != "float32"
    return torch.autocast(device.type, torch.bfloat16, enabled=is_mixed)
