"""Augmentation of clips: pixels, labels, motion vectors and validity move together."""

from bdnet.data.transforms.compose import JointTransform, UnmovedVectors
from bdnet.data.transforms.geometric import Crop, Flip, Geometric, Scale, ScaleCrop

__all__ = ["Crop", "Flip", "Geometric", "JointTransform", "Scale", "ScaleCrop", "UnmovedVectors"]
