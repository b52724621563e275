"""Augmentation of clips: pixels, labels, motion vectors and validity move together."""

from bdnet.data.transforms.compose import JointTransform, UnmovedVectors
from bdnet.data.transforms.geometric import (
    CentreCrop,
    Crop,
    Flip,
    Geometric,
    Resize,
    Scale,
    ScaleCrop,
)

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
