"""The land along both pavements: houses, gardens behind fences, side streets."""

import numpy as np

from bdnet.data.streets.classes import Label
from bdnet.data.streets.facades import front, gable, lit_facade
from bdnet.data.streets.foliage import Plant, hedge
from bdnet.data.streets.furniture import fence
from bdnet.data.streets.houses import house
from bdnet.data.streets.light import Light
from bdnet.data.streets.props import floor, upright, wall
from bdnet.data.streets.rasteriser import Surface
from bdnet.data.streets.street import KERB
from bdnet.data.streets.textures import Detail, Texture

FACADE = 8.6  # metres from the centre line to the land
SETBACK = 5.0  # metres from a fence to the house behind it
OVERLAP = (
    0.25  # metres that a house reaches behind its nearer neighbour, so that no sky shows between
)
SIDE_ROAD = 7.0  # metres


class Roadside:
    """Builds the plots of one side of the street, near to far."""

    def __init__(
        self,
        random: np.random.Generator,
        side: int,
        detail: Detail,
        light: Light,
        *,
        plants: list[Plant],
        road: Texture,
    ) -> None:
        self._random, self._side, self._detail, self._light = random, side, detail, light
        self._plants, self._road = plants, road
        self._open = True  # whether the side of the next house can be seen
        self._storeys = int(random.integers(2, 6))
        self.roads: list[Surface] = []  # side streets, on the ground
        self.shadows: list[Surface] = []  # of houses, on the ground

    def plots(self, end: float) -> list[tuple[float, list[Surface]]]:
        """Return (z, surfaces far first) of every plot up to `end` metres."""
        random = self._random
        built: list[tuple[float, list[Surface]]] = []
        start = -float(random.uniform(4, 16))
        while start < end:
            kind = random.random()
            if kind < 0.1 and not self._open:
                length, make = SIDE_ROAD + 3.0, self._side_street
            elif kind < 0.56:
                length, make = float(random.uniform(9, 17)), self._garden
            else:
                length, make = float(random.uniform(8, 15)), self._house
            built.append((start, make(start, start + length)))
            start += length
        return built

    def _house(self, near: float, far: float, back: float = 0.0) -> list[Surface]:
        """Build a house on the street, or `back` metres behind it."""
        random, side = self._random, self._side
        scale = self._detail.at(near, 13.0)
        self._storeys = int(np.clip(self._storeys + random.integers(-1, 2), 2, 5))
        design = house(random, self._storeys if not back else min(self._storeys, 3))
        x, height = side * (FACADE + back), design.height
        picture = front(random, design, far - near, scale)
        face = Texture(lit_facade(design, picture, self._light.brightness(-side)))
        surfaces = []
        if self._open or random.random() < 0.6 or back:
            flank = gable(random, design, 9.0, scale * 0.8) * np.float32(self._light.brightness(0))
            side_wall = Texture(np.clip(flank, 0, 255).astype(np.uint8))
            side_height = height - (2.2 if design.gabled else 0)
            surface = upright(side_wall, Label.BUILDING, 9.0, side_height, x=x + side * 4.5)
            surfaces.append(surface.moved(0, near))
        overlap = 0.0 if design.gabled else OVERLAP
        surfaces.append(wall(face, Label.BUILDING, x, (near - overlap, far), height))
        self._open = bool(back)
        if not back:
            self._shadow(near, far, height)
        return surfaces

    def _garden(self, near: float, far: float) -> list[Surface]:
        """Build a fence or hedge with a house or trees behind it."""
        random, side = self._random, self._side
        scale = self._detail.at(near, 11.0)
        surfaces = []
        if random.random() < 0.7:
            surfaces = self._house(near + 1.0, far - 1.0, SETBACK)
        for _ in range(int(random.integers(0, 3)) if surfaces else 3):
            texture, width, height = self._plants[int(random.integers(len(self._plants)))]
            distance = float(random.uniform(2.2, 3.6))
            plant = upright(texture, Label.TREE, width, height, x=side * (FACADE + distance))
            surfaces.append(plant.moved(0, float(random.uniform(near + 1, far - 1))))
        if random.random() < 0.85:
            height = float(random.uniform(1.3, 2.1))
            texture = Texture(fence(random, height, scale, self._light, -side))
            label = Label.FENCE
        else:
            height = float(random.uniform(1.2, 1.8))
            texture = Texture(hedge(random, 4.0, height, scale))
            label = Label.TREE
        repeats = (max(1.0, round((far - near) / 4)), 1.0)
        x = side * FACADE
        surfaces.append(wall(texture, label, x, (near, far), height, repeats=repeats))
        self._open = True
        return surfaces

    def _side_street(self, near: float, far: float) -> list[Surface]:
        """Leave a gap with a road through it."""
        outer, inner = self._side * 60.0, self._side * KERB
        across = (min(outer, inner), max(outer, inner))
        middle = (near + far) / 2
        along = (middle - SIDE_ROAD / 2, middle + SIDE_ROAD / 2)
        self.roads.append(floor(self._road, Label.ROAD, across, along, repeats=(12.0, 1.0)))
        self._open = True
        return []

    def _shadow(self, near: float, far: float, height: float) -> None:
        """Let a house on the sunny side throw its shadow towards the street."""
        strength = self._light.strength
        if self._side != self._light.sun or strength < 0.3:
            return
        reach = min(FACADE + 3.0, 0.75 * height)
        alpha = np.full((64, 64), 0.42 * strength, np.float32) * np.clip(
            np.arange(64)[::-1] / 6, 0, 1
        )
        black = np.zeros((64, 64, 4), np.uint8)
        black[..., 3] = np.round(
            255 * alpha[:, :: self._side * -1] if self._side > 0 else 255 * alpha
        )
        inner = self._side * (FACADE - reach)
        across = (min(inner, self._side * FACADE), max(inner, self._side * FACADE))
        shade = floor(Texture(black), Label.UNCHANGED, across, (near, far))
        self.shadows.append(shade)
