"""The classes of the street world, in CamVid's order."""

from enum import IntEnum


class Label(IntEnum):
    """Index of each class in a label map."""

    SKY = 0
    BUILDING = 1
    POLE = 2
    ROAD = 3
    PAVEMENT = 4
    TREE = 5
    SIGN = 6
    FENCE = 7
    CAR = 8
    PEDESTRIAN = 9
    BICYCLIST = 10
    UNCHANGED = 255  # of a surface: shadows and stains keep the label of what they fall on


CLASSES: tuple[str, ...] = tuple(
    label.name.lower() for label in Label if label is not Label.UNCHANGED
)
COLOURS: tuple[tuple[int, int, int], ...] = (
    (70, 130, 180),
    (70, 70, 70),
    (153, 153, 153),
    (128, 64, 128),
    (244, 35, 232),
    (107, 142, 35),
    (220, 220, 0),
    (190, 153, 153),
    (0, 0, 142),
    (220, 20, 60),
    (119, 11, 32),
)
