"""Designs of houses."""

from dataclasses import dataclass

import numpy as np

from bdnet.data.streets.textures import Tint, pick_colour

WALLS: tuple[Tint, ...] = (
    (196, 176, 148),
    (166, 108, 84),
    (206, 200, 190),
    (150, 138, 126),
    (176, 134, 96),
    (134, 146, 152),
    (198, 158, 140),
    (214, 196, 150),
    (122, 84, 72),
    (158, 168, 146),
)
ROOFS: tuple[Tint, ...] = ((108, 62, 50), (78, 78, 86), (96, 84, 76))
SHOPS: tuple[Tint, ...] = (
    (150, 44, 44),
    (40, 84, 130),
    (44, 96, 72),
    (196, 150, 50),
    (70, 60, 74),
)
GLASS: tuple[Tint, ...] = ((44, 52, 62), (60, 72, 84), (36, 40, 46), (84, 98, 110))
STOREY = 3.1  # metres


@dataclass(frozen=True)
class House:
    """The design that front and gable of one house share."""

    wall: Tint
    roof: Tint
    trim: Tint
    glass: Tint
    bricks: bool
    gabled: bool
    shop: bool
    balconies: bool
    storeys: int
    mansard: bool

    @property
    def height(self) -> float:
        """Metres up to the ridge."""
        return 1.0 + STOREY * self.storeys + (2.6 if self.gabled else 2.2 if self.mansard else 0.5)


def house(random: np.random.Generator, storeys: int) -> House:
    """Design a house."""
    gabled = bool(random.random() < 0.25 and storeys < 4)
    return House(
        wall=pick_colour(random, WALLS, 12),
        roof=pick_colour(random, ROOFS),
        trim=pick_colour(random, ((226, 222, 212), (96, 86, 78), (190, 180, 164))),
        glass=pick_colour(random, GLASS, 5),
        bricks=bool(random.random() < 0.45),
        gabled=gabled,
        shop=bool(random.random() < 0.45),
        balconies=bool(random.random() < 0.3),
        storeys=storeys,
        mansard=bool(not gabled and random.random() < 0.4),
    )
