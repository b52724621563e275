"""Semantic segmentation of compressed video: BDNet and its relatives."""

__version__ = "0.1.0"
