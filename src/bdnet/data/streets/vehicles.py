"""Cars, vans and buses: profiles of several faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bdnet.data.streets.classes import Label
from bdnet.data.streets.coachwork import LAP, LEAN, Body, back, doors, front, screen, sheet, windows
from bdnet.data.streets.rasteriser import Surface
from bdnet.data.streets.textures import Texture, Tint, dark, pick

if TYPE_CHECKING:
    from bdnet.data.streets.light import Light

PAINTS: tuple[Tint, ...] = (
    (188, 190, 194),
    (226, 226, 224),
    (52, 54, 60),
    (150, 34, 36),
    (38, 66, 118),
    (104, 112, 118),
    (56, 92, 76),
    (196, 168, 96),
    (92, 130, 160),
    (140, 92, 58),
)
Vector = tuple[float, float, float]


def faces(
    random: np.random.Generator, body: Body, oncoming: bool, scale: float, light: Light
) -> tuple[Surface, ...]:
    """Return a vehicle around (0, 0), in painter's order for a camera on its -z side."""
    colour = pick(random, PAINTS, 10)
    paint = dark(colour, light.on(0))
    deck, run = (body.bonnet, body.windscreen) if oncoming else (body.boot, body.rear)
    end_top = body.end(deck)
    start, half, inset = -body.length / 2, body.width / 2, body.width / 2 - LEAN
    rise, back_edge = body.roof - body.belt, start + body.length - 0.4
    roof = sheet(random, body, dark(colour, 1.12), scale)
    glass = screen(random, body, paint, scale)
    lid = sheet(random, body, dark(colour, 1.08), scale)
    end = (front if oncoming else back)(random, body, paint, end_top, scale)
    lap = 0.02  # metres that the end is wider than the body, against seams
    return (
        face(
            (-inset, body.roof, back_edge),
            (2 * inset, 0, 0),
            (0, 0, start + deck + run - back_edge),
            roof,
        ),
        face(
            (-half, body.roof, start + deck + run),
            (body.width, 0, 0),
            tucked(0, -rise, -run),
            glass,
        ),
        *flanks(random, body, colour, scale, light, oncoming=oncoming),
        face(
            (-half, body.belt, start + deck),
            (body.width, 0, 0),
            tucked(0, end_top - body.belt, -deck),
            lid,
        ),
        face((-half - lap, end_top, start), (body.width + 2 * lap, 0, 0), (0, -end_top, 0), end),
    )


def flanks(
    random: np.random.Generator,
    body: Body,
    colour: Tint,
    scale: float,
    light: Light,
    *,
    oncoming: bool,
) -> list[Surface]:
    """Return windows and doors of both sides."""
    surfaces = []
    rise, half = body.roof - body.belt, body.width / 2
    for side in (-1, 1):
        along = (0.0, 0.0, body.length * side)
        paint = dark(colour, light.on(side))
        upper, lower = (make(random, body, paint, scale) for make in (windows, doors))
        if (side > 0) != oncoming:
            upper, lower = upper.mirrored(), lower.mirrored()
        z = -side * body.length / 2
        down = tucked(side * LEAN, -rise, 0)
        surfaces.append(face((side * (half - LEAN), body.roof, z), along, down, upper))
        surfaces.append(face((side * half, body.belt, z), along, (0, -body.belt, 0), lower))
    return surfaces


def face(corner: Vector, along: Vector, down: Vector, texture: Texture) -> Surface:
    """Return one face of a vehicle."""
    return Surface(np.array([along, down, corner], np.float64).T, texture, Label.CAR)


def tucked(x: float, y: float, z: float) -> Vector:
    """Lengthen a face under the face that is painted next, so that no seam shows."""
    return (1 + LAP) * x, (1 + LAP) * y, (1 + LAP) * z
