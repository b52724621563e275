"""Trees, poles and signs along both kerbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bdnet.data.streets import furniture
from bdnet.data.streets.cast import KERB, Cast
from bdnet.data.streets.classes import Label
from bdnet.data.streets.props import Prop, upright
from bdnet.data.streets.textures import Texture

if TYPE_CHECKING:
    from collections.abc import Callable

    from bdnet.data.streets.rasteriser import Surface

GAP = (0.0, 0.2)  # metres between two things, across and along


def furnish(cast: Cast, end: float) -> None:
    """Line both kerbs up to `end` metres."""
    makers: tuple[tuple[float, Callable[[Cast, float, float, int], None]], ...] = (
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
        z = cast.uniform(-2, 6)
        while z < end:
            choice = int(cast.random.choice(len(makers), p=chances / chances.sum()))
            makers[choice][1](cast, side * (KERB + 0.75), z, side)
            z += cast.uniform(3.5, 8.0)


def stand(cast: Cast, x: float, z: float, thick: float, surfaces: tuple[Surface, ...]) -> None:
    """Add something that stands still."""
    prop = Prop((surfaces,), (x, z), (thick / 2, 0.05))
    if cast.free(prop, GAP):
        cast.props.append(prop)


def tree(cast: Cast, x: float, z: float, side: int) -> None:
    """Add a tree."""
    plant = cast.plants[int(cast.random.integers(len(cast.plants)))]
    shadow = cast.shadow(plant.width * 1.1, plant.width * 0.8, cast.soft, 2.2)
    surface = upright(plant.texture, Label.TREE, plant.width, plant.height)
    place = (x + side * 0.2, z)
    prop = Prop(((surface,),), place, (0.2, 0.05), shadow=shadow)
    if cast.free(prop, GAP):
        cast.props.append(prop)


def lamp(cast: Cast, x: float, z: float, side: int) -> None:
    """Add a lamp post that hangs over the road."""
    height = cast.uniform(5.0, 7.0)
    texture = furniture.lamp(cast.random, height, cast.detail.at(z, 8.0))
    if side < 0:
        texture = texture.mirrored()
    stand(cast, x, z, 0.4, (upright(texture, Label.POLE, 2.6, height),))


def mast(cast: Cast, x: float, z: float, side: int) -> None:
    """Add a mast."""
    height = cast.uniform(6.0, 8.0)
    texture = furniture.mast(cast.random, height, cast.detail.at(z, 8.0))
    stand(cast, x + side * 0.1, z, 0.5, (upright(texture, Label.POLE, 0.5, height),))


def column(cast: Cast, x: float, z: float, side: int) -> None:
    """Add an advertising column."""
    texture = furniture.column(cast.random, cast.detail.at(z, 8.0))
    stand(cast, x + side * 0.3, z, 1.2, (upright(texture, Label.POLE, 1.3, 3.4),))


def bollards(cast: Cast, x: float, z: float, side: int) -> None:
    """Add three bollards."""
    texture = furniture.bollard(cast.random, cast.detail.at(z, 8.0))
    surface = upright(texture, Label.POLE, 0.4, 1.1)
    for index in range(3):
        stand(cast, x - side * 0.35, z + 1.3 * index, 0.4, (surface,))


def signpost(cast: Cast, x: float, z: float, side: int) -> None:
    """Add a traffic sign or signal on a post."""
    height, scale = cast.uniform(2.5, 3.3), cast.detail.at(z, 6.0)
    kind = str(cast.random.choice(("round", "triangle", "square", "signal")))
    wide, high = (0.56, 1.3) if kind == "signal" else (1.0, 1.0)
    foot = upright(furniture.post(cast.random, height, scale), Label.POLE, 0.26, height)
    texture = furniture.sign(cast.random, kind, scale)
    surfaces = [foot, upright(texture, Label.SIGN, wide, high, base=height - high * 0.75)]
    if cast.chance(0.35) and kind != "signal":
        second = furniture.sign(cast.random, "square", scale)
        surfaces.append(upright(second, Label.SIGN, 0.8, 0.6, base=height - 1.4))
    stand(cast, x - side * 0.1, z, 0.4, tuple(surfaces))


def gantry(cast: Cast, x: float, z: float, side: int) -> None:
    """Add a direction board that hangs over the road."""
    scale = cast.detail.at(z, 8.0)
    foot = upright(furniture.mast(cast.random, 6.2, scale), Label.POLE, 0.5, 6.2)
    lying = Texture(np.rot90(furniture.post(cast.random, 3.0, scale).reduced(0, 0)))
    arm = upright(lying, Label.POLE, 3.4, 0.3, x=-side * 1.6, base=5.6)
    board = furniture.board(cast.random, scale)
    sign = upright(board, Label.SIGN, 3.0, 1.5, x=-side * 2.2, base=4.4)
    stand(cast, x, z, 0.5, (arm, foot, sign))
