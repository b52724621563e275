"""Fronts and gables of houses."""

import cv2
import numpy as np

from bdnet.data.streets.houses import SHOPS, STOREY, WALLS, House
from bdnet.data.streets.textures import (
    Plane,
    Texels,
    Tint,
    darker,
    filled,
    jittered,
    noise,
    pick_colour,
    premultiplied,
    to_bytes,
)


def wall(
    random: np.random.Generator, design: House, rows: int, columns: int, scale: float
) -> Plane:
    """Return a bare wall [h,w,3]."""
    picture = filled(rows, columns, design.wall)
    picture += 4.5 * noise(random, rows, columns, 3 * scale, 2)[..., None]
    if design.bricks:
        course = max(2.5, 0.2 * scale)
        row = np.floor(np.arange(rows) / course).astype(int)
        column = np.floor(
            np.arange(columns)[None] / (2 * course) + 0.5 * (row[:, None] % 2)
        ).astype(int)
        tones = random.normal(0, 13, (row[-1] + 1, column.max() + 1)).astype(np.float32)
        picture += tones[row[:, None], column][..., None]
        picture[np.diff(row, prepend=-1) != 0] += 14
    else:
        picture += 3.5 * random.standard_normal((rows, columns, 1), np.float32)
    soot = np.linspace(6, -14, rows, dtype=np.float32)
    return picture + soot[:, None, None]


class Facade:
    """A facade that is being drawn, in metres from its lower left corner."""

    def __init__(self, picture: Plane, scale: float) -> None:
        self.picture, self.scale = picture, scale

    def box(self, x: float, y: float, x1: float, y1: float, colour: Tint) -> None:
        """Fill a rectangle."""
        rows = len(self.picture)
        first = (round(x * self.scale), rows - round(y1 * self.scale))
        last = (round(x1 * self.scale) - 1, rows - round(y * self.scale) - 1)
        if last[0] >= first[0] and last[1] >= first[1]:
            cv2.rectangle(self.picture, first, last, colour, -1)

    def window(
        self,
        random: np.random.Generator,
        corner: tuple[float, float],
        wide: float,
        high: float,
        design: House,
    ) -> None:
        """Draw a window whose lower left corner is given."""
        x, y = corner
        self.box(x - 0.12, y - 0.1, x + wide + 0.12, y + high + 0.14, design.trim)
        glass = jittered(random, design.glass, 7)
        self.box(x, y, x + wide, y + high, glass)
        self.box(x, y + high * 0.55, x + wide, y + high, darker(glass, 1.35))
        curtain = random.random()
        if curtain < 0.3:
            self.box(x, y, x + wide * 0.3, y + high, (198, 192, 180))
            self.box(x + wide * 0.7, y, x + wide, y + high, (190, 184, 172))
        elif curtain < 0.5:
            blind = float(random.uniform(0.3, 0.8))
            self.box(x, y + high * blind, x + wide, y + high, jittered(random, (176, 168, 150), 14))
        self.box(x + wide / 2 - 0.05, y, x + wide / 2 + 0.05, y + high, design.trim)
        self.box(x, y + high, x + wide, y + high + 0.1, darker(design.wall, 0.55))
        self.box(x - 0.18, y - 0.2, x + wide + 0.18, y - 0.06, darker(design.trim, 0.86))


def front(random: np.random.Generator, design: House, width: float, scale: float) -> Plane:
    """Return the street front [h,w,3] of a house of `width` metres."""
    rows, columns = round(design.height * scale), round(width * scale)
    facade = Facade(wall(random, design, rows, columns, scale), scale)
    bays = max(2, round(width / random.uniform(2.5, 3.4)))
    bay = width / bays
    wide, high = bay * random.uniform(0.38, 0.55), random.uniform(1.45, 1.9)
    for storey in range(1, design.storeys):
        base = 1.0 + STOREY * storey
        facade.box(0, base - 0.25, width, base - 0.1, darker(design.wall, 0.82))
        for index in range(bays):
            x = bay * index + (bay - wide) / 2
            facade.window(random, (x, base + 0.65), wide, high, design)
            if design.balconies and index % 2 == storey % 2:
                facade.box(
                    x - 0.4, base + 0.1, x + wide + 0.4, base + 0.9, darker(design.roof, 0.8)
                )
                for rail in np.arange(x - 0.35, x + wide + 0.3, 0.24).tolist():
                    facade.box(rail, base + 0.22, rail + 0.1, base + 0.82, darker(design.wall, 0.9))
    ground_floor(random, facade, design, width, bays)
    top(random, facade, design, width, bays)
    return facade.picture


def ground_floor(
    random: np.random.Generator, facade: Facade, design: House, width: float, bays: int
) -> None:
    """Draw shop windows, or a door between windows."""
    facade.box(0, 0, width, 0.55, darker(design.wall, 0.62))
    bay = width / bays
    if design.shop:
        colour = pick_colour(random, SHOPS, 14)
        facade.box(0, 3.0, width, 3.75, colour)
        for letter in range(int(width * 1.2)):
            x = width * 0.2 + letter * 0.5
            if x < width * 0.75 and random.random() < 0.8:
                facade.box(x, 3.2, x + 0.3, 3.55, (232, 226, 210))
        for index in range(bays):
            facade.box(bay * index + 0.2, 0.45, bay * (index + 1) - 0.2, 2.9, (52, 56, 60))
            for _ in range(4):  # the goods on display
                x, y = bay * (index + random.uniform(0.15, 0.75)), random.uniform(0.6, 1.6)
                facade.box(
                    x,
                    y,
                    x + random.uniform(0.3, 0.7),
                    y + random.uniform(0.3, 0.9),
                    pick_colour(random, WALLS, 30),
                )
        if random.random() < 0.6:
            for index, x in enumerate(np.arange(0, width, 0.55).tolist()):
                facade.box(x, 2.45, x + 0.55, 3.1, colour if index % 2 else (228, 222, 210))
        return
    door = int(random.integers(bays))
    for index in range(bays):
        x = bay * (index + 0.25)
        if index == door:
            facade.box(x - 0.2, 0, x + 1.4, 2.9, design.trim)
            facade.box(x, 0, x + 1.2, 2.6, pick_colour(random, SHOPS, 14))
            facade.box(x + 0.2, 1.6, x + 1.0, 2.4, design.glass)
        else:
            facade.window(random, (x, 1.3), bay * 0.5, 1.6, design)


def top(
    random: np.random.Generator, facade: Facade, design: House, width: float, bays: int
) -> None:
    """Draw the cornice, and the roof where the street sees one."""
    eaves = 1.0 + STOREY * design.storeys
    if design.mansard:
        for index, y in enumerate(np.arange(eaves, design.height, 0.3).tolist()):
            facade.box(0, y, width, y + 0.3, darker(design.roof, 0.92 if index % 2 else 1.08))
        for index in range(bays):
            x = width / bays * (index + 0.3)
            facade.window(random, (x, eaves + 0.5), width / bays * 0.4, 1.1, design)
    facade.box(0, eaves - 0.05, width, eaves + 0.35, design.trim)
    facade.box(0, eaves - 0.25, width, eaves - 0.05, darker(design.wall, 0.6))


def gable(random: np.random.Generator, design: House, width: float, scale: float) -> Plane:
    """Return the side [h,w,3] that a house shows across a gap: mostly bare, few windows."""
    rows, columns = round(design.height * scale), round(width * scale)
    facade = Facade(wall(random, design, rows, columns, scale) * np.float32(0.94), scale)
    for storey in range(design.storeys):
        for x in (width * 0.25, width * 0.65):
            if random.random() < 0.55:
                facade.window(random, (x, 1.7 + STOREY * storey), 1.1, 1.4, design)
    facade.box(0, 0, width, 0.5, darker(design.wall, 0.65))
    facade.box(0, design.height - 0.3, width, design.height, darker(design.roof))
    return facade.picture


def lit_facade(design: House, picture: Plane, brightness: float) -> Texels:
    """Return the lit facade, [h,w,4] cut to its pointed roof where it has one, else [h,w,3]."""
    lit = picture * np.float32(brightness)
    if not design.gabled:
        return to_bytes(lit)
    rows, columns = picture.shape[:2]
    slope = np.abs(np.linspace(-1, 1, columns, dtype=np.float32)) * (rows * 3.0 / design.height)
    below = np.arange(rows, dtype=np.float32)[:, None] - slope[None]
    edge = (below < rows * 0.35 / design.height)[..., None]
    return premultiplied(np.where(edge, np.array(design.roof, np.float32) * 0.9, lit), below + 0.5)
