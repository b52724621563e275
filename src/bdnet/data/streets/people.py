"""Adds pedestrians and cyclists to a street."""

from dataclasses import replace

from bdnet.data.streets.classes import Label
from bdnet.data.streets.people_textures import POSES, cyclist, random_outfit, walker
from bdnet.data.streets.props import Prop, upright
from bdnet.data.streets.street import KERB, Street

STRIDE = 1.5  # metres per cycle of a walk


def add_pedestrian(
    street: Street, position: tuple[float, float], step: tuple[float, float]
) -> None:
    """Add a pedestrian who walks from (x, z) by `step` metres per frame."""
    cadence = POSES * (abs(step[0]) + abs(step[1])) / STRIDE
    bare = Prop((), position, (0.3, 0.15), step, cadence, street.uniform(0, POSES))
    if not street.is_free(bare, (0.05, 0.3)):
        return
    view = "side" if step[0] else ("back" if step[1] > 0 else "front")
    scale, tall = (
        street.detail.at(street.nearest_z(position[1], step[1])),
        street.uniform(1.6, 1.95),
    )
    textures = walker(street.random, random_outfit(street.random), view, scale)
    if step[0] < 0:
        textures = tuple(texture.mirrored() for texture in textures)
    wide = 0.96 * tall / 1.85 * street.uniform(1.05, 1.25)
    poses = tuple((upright(texture, Label.PEDESTRIAN, wide, tall),) for texture in textures)
    shadow = street.shadow(0.9, 0.6, street.soft_shadow, 0.4)
    street.props.append(replace(bare, poses=poses, shadow=shadow))


def add_cyclist(street: Street, position: tuple[float, float], step: float) -> None:
    """Add a cyclist who rides from (x, z) by `step` metres per frame along z."""
    bare = Prop((), position, (0.33, 0.8), (0.0, step), 0.5, street.uniform(0, POSES))
    if not street.is_free(bare, (-0.1, 0.4)):
        return
    scale, tall = street.detail.at(street.nearest_z(position[1], step)), street.uniform(1.7, 2.0)
    textures = cyclist(
        street.random, random_outfit(street.random), "back" if step > 0 else "front", scale
    )
    wide = 0.96 * tall / 1.85 * street.uniform(1.0, 1.2)
    poses = tuple((upright(texture, Label.BICYCLIST, wide, tall),) for texture in textures)
    shadow = street.shadow(0.9, 1.8, street.soft_shadow, 0.4)
    street.props.append(replace(bare, poses=poses, shadow=shadow))


def add_cyclists(street: Street, end: float, density: float) -> None:
    """Let cyclists ride along the parked cars, both ways."""
    for side in (-1, 1):
        z = street.uniform(6, 14)
        while z < end:
            step = street.uniform(0.16, 0.26) * side
            if side > 0:  # so that the camera does not pass through them
                step = max(step, street.drive.pace - (z - 5.0) / street.drive.frames)
            if street.chance(0.65 * density):
                add_cyclist(street, (side * street.uniform(2.75, 3.05), z), step)
            z += street.uniform(7, 22)


def add_crossing_pedestrians(street: Street, zebra: float, density: float) -> None:
    """Let people cross the road well ahead of the camera, most of them on the zebra."""
    for _ in range(round(7 * density)):
        z = zebra + street.uniform(-1.5, 1.5)
        if street.chance(0.4):
            z = street.drive.travel + street.uniform(5, 38)
        direction = 1 if street.chance(0.5) else -1
        x = street.uniform(-KERB - 1, KERB + 1)
        add_pedestrian(street, (x, z), (direction * street.uniform(0.05, 0.085), 0.0))


def add_walking_pedestrians(street: Street, end: float, density: float) -> None:
    """Let people walk on both pavements up to `end` metres."""
    for side in (-1, 1):
        z = street.uniform(4, 9)
        while z < end:
            step = street.uniform(0.04, 0.085) * (1 if street.chance(0.5) else -1)
            if street.chance(0.85 * density):
                add_pedestrian(
                    street, (side * street.uniform(KERB + 1.2, KERB + 2.9), z), (0.0, step)
                )
            z += street.uniform(2.0, 7.0) + z * 0.04
