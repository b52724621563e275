"""Parked and moving vehicles."""

from __future__ import annotations

from dataclasses import replace

from bdnet.data.streets.camera import LANE
from bdnet.data.streets.cast import KERB, Cast
from bdnet.data.streets.coachwork import BODIES, model
from bdnet.data.streets.props import Prop
from bdnet.data.streets.vehicles import faces

BUS = BODIES[-1]


def vehicle(
    cast: Cast, place: tuple[float, float], oncoming: bool, step: float, gap: float
) -> None:
    """Add a vehicle at (x, z) that moves `step` metres per frame along z."""
    body = model(cast.random)
    if step == 0 and body is BUS:
        body = BODIES[0]
    half = (body.width / 2, body.length / 2)
    bare = Prop((), place, half, (0.0, step))
    if not cast.free(bare, (0.2, gap)):
        return
    scale = cast.detail.at(cast.nearest(place[1] - body.length / 2, step))
    surfaces = faces(cast.random, body, oncoming, scale, cast.light)
    shadow = cast.shadow(body.width + 0.7, body.length + 0.6, cast.dark, 0.25)
    cast.props.append(replace(bare, poses=(surfaces,), shadow=shadow))


def park(cast: Cast, end: float, density: float) -> None:
    """Park vehicles along both kerbs up to `end` metres."""
    for side in (-1, 1):
        z = cast.uniform(2, 10)
        while z < end:
            if cast.chance(0.3 * density):
                x = side * (KERB - 1.15 + float(cast.random.normal(0, 0.05)))
                vehicle(cast, (x, z), side < 0, 0.0, 0.5)
            z += cast.uniform(5.6, 8.5)


def flow(cast: Cast, end: float, density: float) -> None:
    """Let vehicles drive ahead of the camera and come towards it."""
    drive = cast.drive
    z = cast.uniform(12, 24)
    while z < end:
        least = drive.pace - (z - 10.0) / drive.frames  # the camera would run into a slower one
        step = max(least, drive.pace * cast.uniform(0.8, 1.3))
        if cast.chance(0.75 * density):
            vehicle(cast, (LANE + float(cast.random.normal(0, 0.12)), z), False, step, 2.0)
        z += cast.uniform(10, 26)
    speed, z = cast.uniform(0.18, 0.36), cast.uniform(6, 30)
    while z < end + speed * drive.frames:
        if cast.chance(0.6 * density):
            vehicle(cast, (-LANE + float(cast.random.normal(0, 0.12)), z), True, -speed, 2.0)
        z += cast.uniform(9, 26)
