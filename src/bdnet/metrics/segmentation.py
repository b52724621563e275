"""Intersection over union."""

import torch
from torch import Tensor


def iou(confusion: Tensor) -> Tensor:
    """[classes] of a confusion matrix [true, predicted]; nan for a class that never occurs."""
    hits = confusion.diagonal().double()
    union = confusion.sum(0) + confusion.sum(1) - hits
    return torch.where(union > 0, hits / union, torch.nan)
