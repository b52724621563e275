"""People who walk, cross and cycle."""

from __future__ import annotations

from dataclasses import replace

from bdnet.data.streets.cast import KERB, Cast
from bdnet.data.streets.classes import Label
from bdnet.data.streets.cyclists import cyclist
from bdnet.data.streets.people import POSES, looks, walker
from bdnet.data.streets.props import Prop, upright

STRIDE = 1.5  # metres per cycle of a walk


def person(cast: Cast, place: tuple[float, float], step: tuple[float, float]) -> None:
    """Add somebody who walks from (x, z) by `step` metres per frame."""
    cadence = POSES * (abs(step[0]) + abs(step[1])) / STRIDE
    bare = Prop((), place, (0.3, 0.15), step, cadence, cast.uniform(0, POSES))
    if not cast.free(bare, (0.05, 0.3)):
        return
    view = "side" if step[0] else ("back" if step[1] > 0 else "front")
    scale, tall = cast.detail.at(cast.nearest(place[1], step[1])), cast.uniform(1.6, 1.95)
    textures = walker(cast.random, looks(cast.random), view, scale)
    if step[0] < 0:
        textures = tuple(texture.mirrored() for texture in textures)
    wide = 0.96 * tall / 1.85 * cast.uniform(1.05, 1.25)
    poses = tuple((upright(texture, Label.PEDESTRIAN, wide, tall),) for texture in textures)
    shadow = cast.shadow(0.9, 0.6, cast.soft, 0.4)
    cast.props.append(replace(bare, poses=poses, shadow=shadow))


def rider(cast: Cast, place: tuple[float, float], step: float) -> None:
    """Add a cyclist who rides from (x, z) by `step` metres per frame along z."""
    bare = Prop((), place, (0.33, 0.8), (0.0, step), 0.5, cast.uniform(0, POSES))
    if not cast.free(bare, (-0.1, 0.4)):
        return
    scale, tall = cast.detail.at(cast.nearest(place[1], step)), cast.uniform(1.7, 2.0)
    textures = cyclist(cast.random, looks(cast.random), "back" if step > 0 else "front", scale)
    wide = 0.96 * tall / 1.85 * cast.uniform(1.0, 1.2)
    poses = tuple((upright(texture, Label.BICYCLIST, wide, tall),) for texture in textures)
    shadow = cast.shadow(0.9, 1.8, cast.soft, 0.4)
    cast.props.append(replace(bare, poses=poses, shadow=shadow))


def ride(cast: Cast, end: float, density: float) -> None:
    """Let cyclists ride along the parked cars, both ways."""
    for side in (-1, 1):
        z = cast.uniform(6, 14)
        while z < end:
            step = cast.uniform(0.16, 0.26) * side
            if side > 0:  # so that the camera does not ride through
                step = max(step, cast.drive.pace - (z - 5.0) / cast.drive.frames)
            if cast.chance(0.65 * density):
                rider(cast, (side * cast.uniform(2.75, 3.05), z), step)
            z += cast.uniform(7, 22)


def cross(cast: Cast, zebra: float, density: float) -> None:
    """Let people cross the road well ahead of the camera, most of them on the zebra."""
    for _ in range(round(7 * density)):
        z = zebra + cast.uniform(-1.5, 1.5)
        if cast.chance(0.4):
            z = cast.drive.travel + cast.uniform(5, 38)
        direction = 1 if cast.chance(0.5) else -1
        x = cast.uniform(-KERB - 1, KERB + 1)
        person(cast, (x, z), (direction * cast.uniform(0.05, 0.085), 0.0))


def stroll(cast: Cast, end: float, density: float) -> None:
    """Let people walk on both pavements up to `end` metres."""
    for side in (-1, 1):
        z = cast.uniform(4, 9)
        while z < end:
            step = cast.uniform(0.04, 0.085) * (1 if cast.chance(0.5) else -1)
            if cast.chance(0.85 * density):
                person(cast, (side * cast.uniform(KERB + 1.2, KERB + 2.9), z), (0.0, step))
            z += cast.uniform(2.0, 7.0) + z * 0.04
