"""Normalises images for networks, and the reverse for display."""

from functools import lru_cache
from typing import TypeVar

import torch
from torch import Tensor

from bdnet.data.video_segments import VideoSegment
from bdnet.types import Clip

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, on which backbones are pre-trained
STD = (0.229, 0.224, 0.225)

Batch = TypeVar("Batch", Clip, VideoSegment)


def normalise(batch: Batch) -> Batch:
    """A batch whose images are float32, normalised by ImageNet's statistics."""
    return batch._replace(images=normalise_images(batch.images))


def denormalise(batch: Batch) -> Batch:
    """The reverse of `normalise`: a batch whose images are uint8."""
    return batch._replace(images=denormalised_images(batch.images))


def normalise_images(images: Tensor) -> Tensor:
    """uint8 RGB [..., 3, H, W] -> float32, normalised by ImageNet's statistics."""
    mean, deviation = _statistics(images.device)
    return (images - mean) / deviation


def denormalised_images(images: Tensor) -> Tensor:
    """The reverse of `normalise_images`."""
    mean, deviation = _statistics(images.device)
    return (images.float() * deviation + mean).round().clamp(0, 255).to(torch.uint8)


def _statistics(device: torch.device) -> tuple[Tensor, Tensor]:
    """Mean and deviation [3, 1, 1] of the values 0..255."""
    # CUDA graphs must not copy them anew at each step; a traced graph has to own them
    return _on_device(device) if torch.compiler.is_exporting() else _cached(device)


def _on_device(device: torch.device) -> tuple[Tensor, Tensor]:
    mean, deviation = (
        torch.tensor(values, device=device).view(3, 1, 1) * 255 for values in (MEAN, STD)
    )
    return mean, deviation


_cached = lru_cache(_on_device)
