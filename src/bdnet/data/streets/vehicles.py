"""Adds parked and moving cars, vans and buses, made of several faces, to a street."""

from dataclasses import replace

import numpy as np

from bdnet.data.streets.camera import LANE
from bdnet.data.streets.classes import Label
from bdnet.data.streets.light import Light
from bdnet.data.streets.props import Prop
from bdnet.data.streets.rasteriser import Surface
from bdnet.data.streets.street import KERB, Street
from bdnet.data.streets.textures import Texture, Tint, darker, pick_colour
from bdnet.data.streets.vehicle_textures import (
    BODIES,
    LEAN,
    OVERLAP,
    Body,
    back,
    doors,
    front,
    panel,
    random_body,
    windows,
    windscreen,
)

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
BUS = BODIES[-1]
Vector = tuple[float, float, float]


def faces(
    random: np.random.Generator, body: Body, oncoming: bool, scale: float, light: Light
) -> tuple[Surface, ...]:
    """Return a vehicle around (0, 0), in painter's order for a camera on its -z side."""
    colour = pick_colour(random, PAINTS, 10)
    paint = darker(colour, light.brightness(0))
    deck, run = (body.bonnet, body.windscreen) if oncoming else (body.boot, body.rear)
    end_top = body.end(deck)
    start, half, inset = -body.length / 2, body.width / 2, body.width / 2 - LEAN
    rise, back_edge = body.roof - body.belt, start + body.length - 0.4
    roof = panel(random, body, darker(colour, 1.12), scale)
    glass = windscreen(random, body, paint, scale)
    lid = panel(random, body, darker(colour, 1.08), scale)
    end = (front if oncoming else back)(random, body, paint, end_top, scale)
    overlap = 0.02  # metres that the end is wider than the body, against seams
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
            extended(0, -rise, -run),
            glass,
        ),
        *flanks(random, body, colour, scale, light, oncoming=oncoming),
        face(
            (-half, body.belt, start + deck),
            (body.width, 0, 0),
            extended(0, end_top - body.belt, -deck),
            lid,
        ),
        face(
            (-half - overlap, end_top, start),
            (body.width + 2 * overlap, 0, 0),
            (0, -end_top, 0),
            end,
        ),
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
        paint = darker(colour, light.brightness(side))
        upper, lower = (make(random, body, paint, scale) for make in (windows, doors))
        if (side > 0) != oncoming:
            upper, lower = upper.mirrored(), lower.mirrored()
        z = -side * body.length / 2
        down = extended(side * LEAN, -rise, 0)
        surfaces.append(face((side * (half - LEAN), body.roof, z), along, down, upper))
        surfaces.append(face((side * half, body.belt, z), along, (0, -body.belt, 0), lower))
    return surfaces


def face(corner: Vector, along: Vector, down: Vector, texture: Texture) -> Surface:
    """Return one face of a vehicle."""
    return Surface(np.array([along, down, corner], np.float64).T, texture, Label.CAR)


def extended(x: float, y: float, z: float) -> Vector:
    """Lengthen a face under the face that is painted next, so that no seam shows."""
    return (1 + OVERLAP) * x, (1 + OVERLAP) * y, (1 + OVERLAP) * z


def add_vehicle(
    street: Street, position: tuple[float, float], oncoming: bool, step: float, gap: float
) -> None:
    """Add a vehicle at (x, z) that moves `step` metres per frame along z."""
    body = random_body(street.random)
    if step == 0 and body is BUS:
        body = BODIES[0]
    half = (body.width / 2, body.length / 2)
    bare = Prop((), position, half, (0.0, step))
    if not street.is_free(bare, (0.2, gap)):
        return
    scale = street.detail.at(street.nearest_z(position[1] - body.length / 2, step))
    surfaces = faces(street.random, body, oncoming, scale, street.light)
    shadow = street.shadow(body.width + 0.7, body.length + 0.6, street.dark_shadow, 0.25)
    street.props.append(replace(bare, poses=(surfaces,), shadow=shadow))


def add_parked_vehicles(street: Street, end: float, density: float) -> None:
    """Park vehicles along both kerbs up to `end` metres."""
    for side in (-1, 1):
        z = street.uniform(2, 10)
        while z < end:
            if street.chance(0.3 * density):
                x = side * (KERB - 1.15 + float(street.random.normal(0, 0.05)))
                add_vehicle(street, (x, z), side < 0, 0.0, 0.5)
            z += street.uniform(5.6, 8.5)


def add_moving_vehicles(street: Street, end: float, density: float) -> None:
    """Let vehicles drive ahead of the camera and come towards it."""
    drive = street.drive
    z = street.uniform(12, 24)
    while z < end:
        least = drive.pace - (z - 10.0) / drive.frames  # the camera would run into a slower one
        step = max(least, drive.pace * street.uniform(0.8, 1.3))
        if street.chance(0.75 * density):
            add_vehicle(street, (LANE + float(street.random.normal(0, 0.12)), z), False, step, 2.0)
        z += street.uniform(10, 26)
    speed, z = street.uniform(0.18, 0.36), street.uniform(6, 30)
    while z < end + speed * drive.frames:
        if street.chance(0.6 * density):
            add_vehicle(
                street, (-LANE + float(street.random.normal(0, 0.12)), z), True, -speed, 2.0
            )
        z += street.uniform(9, 26)
