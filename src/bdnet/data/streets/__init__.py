"""A street world, rendered: images and exact labels of drives, from nothing but a seed."""

from .classes import CLASSES, COLOURS
from .parameters import StreetParameters
from .renderer import render

__all__ = ["CLASSES", "COLOURS", "StreetParameters", "render"]
