"""Trees, poles and signs along both kerbs."""

from collections.abc import Callable

import numpy as np

from bdnet.data.streets import furniture
from bdnet.data.streets.classes import Label
from bdnet.data.streets.props import Prop, upright
from bdnet.data.streets.rasteriser import Surface
from bdnet.data.streets.street import KERB, Street
from bdnet.data.streets.textures import Texture

GAP = (0.0, 0.2)  # metres between two things, across and along


def add_furniture(street: Street, end: float) -> None:
    """Line both kerbs up to `end` metres."""
    makers: tuple[tuple[float, Callable[[Street, float, float, int], None]], ...] = (
        (0.31, tree),
        (0.17, lamp),
        (0.11, mast),
        (0.19, signpost),
        (0.08, column),
        (0.09, bollards),
        (0.05, gantry),
    )
    chances = np.array([chance for chance, _ in makers])
    for side in (-1, 1):
        z = street.uniform(-2, 6)
        while z < end:
            choice = int(street.random.choice(len(makers), p=chances / chances.sum()))
            makers[choice][1](street, side * (KERB + 0.75), z, side)
            z += street.uniform(3.5, 8.0)


def stand(street: Street, x: float, z: float, thick: float, surfaces: tuple[Surface, ...]) -> None:
    """Add an object that stands still."""
    prop = Prop((surfaces,), (x, z), (thick / 2, 0.05))
    if street.is_free(prop, GAP):
        street.props.append(prop)


def tree(street: Street, x: float, z: float, side: int) -> None:
    """Add a tree."""
    plant = street.plants[int(street.random.integers(len(street.plants)))]
    shadow = street.shadow(plant.width * 1.1, plant.width * 0.8, street.soft_shadow, 2.2)
    surface = upright(plant.texture, Label.TREE, plant.width, plant.height)
    position = (x + side * 0.2, z)
    prop = Prop(((surface,),), position, (0.2, 0.05), shadow=shadow)
    if street.is_free(prop, GAP):
        street.props.append(prop)


def lamp(street: Street, x: float, z: float, side: int) -> None:
    """Add a lamp post that hangs over the road."""
    height = street.uniform(5.0, 7.0)
    texture = furniture.lamp(street.random, height, street.detail.at(z, 8.0))
    if side < 0:
        texture = texture.mirrored()
    stand(street, x, z, 0.4, (upright(texture, Label.POLE, 2.6, height),))


def mast(street: Street, x: float, z: float, side: int) -> None:
    """Add a mast."""
    height = street.uniform(6.0, 8.0)
    texture = furniture.mast(street.random, height, street.detail.at(z, 8.0))
    stand(street, x + side * 0.1, z, 0.5, (upright(texture, Label.POLE, 0.5, height),))


def column(street: Street, x: float, z: float, side: int) -> None:
    """Add an advertising column."""
    texture = furniture.column(street.random, street.detail.at(z, 8.0))
    stand(street, x + side * 0.3, z, 1.2, (upright(texture, Label.POLE, 1.3, 3.4),))


def bollards(street: Street, x: float, z: float, side: int) -> None:
    """Add three bollards."""
    texture = furniture.bollard(street.random, street.detail.at(z, 8.0))
    surface = upright(texture, Label.POLE, 0.4, 1.1)
    for index in range(3):
        stand(street, x - side * 0.35, z + 1.3 * index, 0.4, (surface,))


def signpost(street: Street, x: float, z: float, side: int) -> None:
    """Add a traffic sign or signal on a post."""
    height, scale = street.uniform(2.5, 3.3), street.detail.at(z, 6.0)
    kind = str(street.random.choice(("round", "triangle", "square", "signal")))
    wide, high = (0.56, 1.3) if kind == "signal" else (1.0, 1.0)
    foot = upright(furniture.post(street.random, height, scale), Label.POLE, 0.26, height)
    texture = furniture.sign(street.random, kind, scale)
    surfaces = [foot, upright(texture, Label.SIGN, wide, high, base=height - high * 0.75)]
    if street.chance(0.35) and kind != "signal":
        second = furniture.sign(street.random, "square", scale)
        surfaces.append(upright(second, Label.SIGN, 0.8, 0.6, base=height - 1.4))
    stand(street, x - side * 0.1, z, 0.4, tuple(surfaces))


def gantry(street: Street, x: float, z: float, side: int) -> None:
    """Add a direction board that hangs over the road."""
    scale = street.detail.at(z, 8.0)
    foot = upright(furniture.mast(street.random, 6.2, scale), Label.POLE, 0.5, 6.2)
    lying = Texture(np.rot90(furniture.post(street.random, 3.0, scale).reduced(0, 0)))
    arm = upright(lying, Label.POLE, 3.4, 0.3, x=-side * 1.6, base=5.6)
    board = furniture.board(street.random, scale)
    sign = upright(board, Label.SIGN, 3.0, 1.5, x=-side * 2.2, base=4.4)
    stand(street, x, z, 0.5, (arm, foot, sign))
