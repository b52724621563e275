"""A street world, rendered: images and exact labels of drives, from nothing but a seed."""

from bdnet.data.streets.classes import CLASSES, COLOURS
from bdnet.data.streets.parameters import StreetParameters
from bdnet.data.streets.renderer import render

__all__ = ["CLASSES", "COLOURS", "StreetParameters", "render"]
