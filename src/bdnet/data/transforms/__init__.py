"""Augmentation of clips: pixels, labels, motion vectors and validity move together."""

from bdnet.data.transforms.geometric import (
    CentreCrop,
    Crop,
    Flip,
    Geometric,
    Resize,
    Scale,
    ScaleCrop,
)
from bdnet.data.transforms.joint import JointTransform, UnmovedVectors

__all__ = [
    "CentreCrop",
    "Crop",
    "Flip",
    "Geometric",
    "JointTransform",
    "Resize",
    "Scale",
    "ScaleCrop",
    "UnmovedVectors",
]
