"""Pedestrians and cyclists, each a cycle of drawn poses."""

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from bdnet.data.streets.sketch import Sketch
from bdnet.data.streets.textures import Texture, Tint, darker, jittered, lighter, pick_colour

POSES = 6  # per walking or pedalling cycle
SKIN: tuple[Tint, ...] = ((224, 182, 150), (196, 146, 112), (148, 102, 74), (96, 66, 50))
HAIR: tuple[Tint, ...] = ((44, 34, 28), (92, 62, 36), (176, 138, 84), (120, 116, 112))
JACKETS: tuple[Tint, ...] = (
    (178, 40, 40),
    (40, 74, 140),
    (226, 186, 52),
    (52, 112, 70),
    (60, 60, 66),
    (206, 206, 202),
    (206, 98, 44),
    (116, 60, 120),
    (76, 140, 156),
)
TROUSERS: tuple[Tint, ...] = (
    (46, 52, 76),
    (58, 56, 56),
    (112, 96, 76),
    (84, 92, 104),
    (36, 36, 40),
)
SHOES: Tint = (38, 34, 32)


@dataclass(frozen=True)
class Outfit:
    """Clothes and looks of one person."""

    skin: Tint
    hair: Tint
    jacket: Tint
    trousers: Tint
    bag: Tint
    coat: float  # metres that the jacket reaches below the hip
    hatted: bool
    laden: bool


def random_outfit(random: np.random.Generator) -> Outfit:
    """Draw a random outfit."""
    return Outfit(
        skin=pick_colour(random, SKIN),
        hair=pick_colour(random, HAIR),
        jacket=pick_colour(random, JACKETS, 14),
        trousers=pick_colour(random, TROUSERS, 10),
        bag=pick_colour(random, JACKETS, 14),
        coat=float(random.choice((0.0, 0.05, 0.3))),
        hatted=bool(random.random() < 0.25),
        laden=bool(random.random() < 0.4),
    )


def head(sketch: Sketch, outfit: Outfit, x: float, y: float, view: str) -> None:
    """Draw a head around (x, y); `view` is front, back or side (looking right)."""
    sketch.box(x - 0.055, y - 0.17, x + 0.055, y - 0.05, darker(outfit.skin, 0.85))
    sketch.disc(x, y + 0.015, 0.108, 0.138, outfit.hair)
    if view == "front":
        sketch.disc(x, y - 0.025, 0.085, 0.105, outfit.skin)
    elif view == "side":
        sketch.disc(x + 0.035, y - 0.025, 0.075, 0.105, outfit.skin)
    if outfit.hatted:
        sketch.disc(x, y + 0.08, 0.118, 0.085, outfit.bag)


def walker(
    random: np.random.Generator, outfit: Outfit, view: str, scale: float
) -> tuple[Texture, ...]:
    """Return the poses of a pedestrian, 0.96 by 1.85 metres, seen from `view`."""
    poses, grain = [], int(random.integers(1 << 32))
    for index in range(POSES):
        sketch = Sketch(0.96, 1.85, scale)
        phase = 2 * pi * index / POSES
        if view == "side":
            _walk_side(sketch, outfit, phase)
        else:
            _walk_along(sketch, outfit, phase, view)
        poses.append(sketch.texture(np.random.default_rng(grain), 0.09))
    return tuple(poses)


def _walk_along(sketch: Sketch, outfit: Outfit, phase: float, view: str) -> None:
    """Draw one pose from the front or the back."""
    rise = 0.02 * cos(2 * phase)
    for sign in (-1, 1):
        lift = max(0.0, sin(phase) * sign)
        knee, foot = (sign * 0.115, 0.5 + 0.05 * lift), (sign * 0.1, 0.09 + 0.13 * lift)
        leg = outfit.trousers if lift < 0.3 else darker(outfit.trousers)
        sketch.line([(sign * 0.09, 0.92 + rise), knee], 0.19, leg)
        sketch.line([knee, foot], 0.15, leg)
        sketch.disc(foot[0], foot[1] - 0.03, 0.075, 0.06, SHOES)
        swing = 0.05 * sin(phase) * sign
        elbow, hand = (sign * 0.285, 1.13 + rise), (sign * 0.27, 0.88 + rise + swing)
        sketch.line([(sign * 0.215, 1.40 + rise), elbow, hand], 0.125, darker(outfit.jacket, 0.8))
        sketch.disc(hand[0], hand[1] - 0.04, 0.05, 0.055, outfit.skin)
    waist, hip = 0.185, 0.90 - outfit.coat + rise
    shoulders = [
        (-0.24, 1.38 + rise),
        (-0.15, 1.47 + rise),
        (0.15, 1.47 + rise),
        (0.24, 1.38 + rise),
    ]
    sketch.polygon(
        [*shoulders, (waist, 1.1), (0.21, hip), (-0.21, hip), (-waist, 1.1)], outfit.jacket
    )
    if view == "front":
        sketch.line([(0, 1.42 + rise), (0, hip + 0.04)], 0.03, darker(outfit.jacket, 0.55))
        sketch.polygon(
            [(-0.07, 1.47 + rise), (0.07, 1.47 + rise), (0, 1.3)], lighter(outfit.jacket)
        )
    elif outfit.laden:
        sketch.box(-0.16, 1.05, 0.16, 1.42, outfit.bag)
        sketch.box(-0.12, 1.09, 0.12, 1.2, darker(outfit.bag))
    head(sketch, outfit, 0.0, 1.64 + rise, view)


def _walk_side(sketch: Sketch, outfit: Outfit, phase: float) -> None:
    """Draw one pose from the side, walking right."""
    rise = 0.025 * cos(2 * phase)
    for sign, shade in ((-1, 0.7), (1, 1.0)):
        swing = sin(phase) * sign
        bend = max(0.0, cos(phase) * sign)
        hip, foot = (0.0, 0.92 + rise), (0.33 * swing, 0.09 + 0.14 * bend)
        knee = ((hip[0] + foot[0]) / 2 + 0.05 + 0.08 * bend, 0.51 + 0.05 * bend)
        sketch.line([hip, knee], 0.2, darker(outfit.trousers, shade))
        sketch.line([knee, foot], 0.15, darker(outfit.trousers, shade))
        sketch.disc(foot[0] + 0.06, foot[1] - 0.03, 0.12, 0.055, SHOES)
        if sign == 1:
            skirt = 0.90 - outfit.coat + rise
            body = [
                (-0.13, 1.4),
                (-0.05, 1.48),
                (0.08, 1.47),
                (0.15, 1.3),
                (0.16, skirt),
                (-0.17, skirt),
            ]
            sketch.polygon([(x, y + rise) for x, y in body], outfit.jacket)
            if outfit.laden:
                sketch.box(-0.3, 1.06 + rise, -0.12, 1.42 + rise, outfit.bag)
        hand = (-0.27 * swing, 0.92 + rise + 0.04 * abs(swing))
        elbow = (-0.1 * swing - 0.04, 1.16 + rise)
        sketch.line(
            [(0.0, 1.38 + rise), elbow, hand], 0.12, darker(outfit.jacket, 0.62 + 0.2 * shade)
        )
        sketch.disc(hand[0], hand[1] - 0.03, 0.05, 0.05, darker(outfit.skin, shade))
    head(sketch, outfit, 0.03, 1.64 + rise, "side")


def cyclist(
    random: np.random.Generator, outfit: Outfit, view: str, scale: float
) -> tuple[Texture, ...]:
    """Return the poses of a cyclist, 0.96 by 1.85 metres, seen from `view`."""
    poses, grain = [], int(random.integers(1 << 32))
    frame = jittered(random, outfit.bag, 10)
    for index in range(POSES):
        sketch = Sketch(0.96, 1.85, scale)
        _ride(sketch, outfit, frame, 2 * pi * index / POSES, view)
        poses.append(sketch.texture(np.random.default_rng(grain), 0.09))
    return tuple(poses)


def _ride(sketch: Sketch, outfit: Outfit, frame: Tint, phase: float, view: str) -> None:
    """Draw one pose of a rider from the front or the back."""
    sketch.disc(0, 0.34, 0.085, 0.34, (32, 32, 34))
    sketch.disc(0, 0.34, 0.03, 0.26, (120, 120, 122))
    sketch.line([(0, 0.5), (0, 1.0)], 0.08, frame)
    if view == "back":
        sketch.box(-0.12, 0.62, 0.12, 0.74, (170, 30, 30))  # mudguard with reflector
    sketch.line([(-0.31, 1.02), (0.31, 1.02)], 0.06, (50, 50, 54))
    for sign in (-1, 1):
        turn = sin(phase) * sign
        foot, knee = (sign * 0.15, 0.36 + 0.15 * turn), (sign * 0.19, 0.74 + 0.1 * turn)
        sketch.line([(sign * 0.11, 1.0), knee], 0.19, outfit.trousers)
        sketch.line([knee, foot], 0.14, darker(outfit.trousers, 0.85))
        sketch.disc(foot[0], foot[1] - 0.02, 0.08, 0.06, SHOES)
        sketch.line(
            [(sign * 0.2, 1.42), (sign * 0.34, 1.22), (sign * 0.3, 1.03)],
            0.12,
            darker(outfit.jacket, 0.8),
        )
    body = [
        (-0.24, 1.40),
        (-0.15, 1.5),
        (0.15, 1.5),
        (0.24, 1.40),
        (0.2, 1.1),
        (0.2, 0.92),
        (-0.2, 0.92),
        (-0.2, 1.1),
    ]
    sketch.polygon(body, outfit.jacket)
    sketch.box(-0.21, 1.16, 0.21, 1.22, lighter(outfit.jacket))  # reflecting band
    if view == "back" and outfit.laden:
        sketch.box(-0.15, 1.08, 0.15, 1.44, outfit.bag)
    head(sketch, outfit, 0, 1.64, view)
    sketch.disc(0, 1.715, 0.125, 0.09, outfit.bag)  # helmet
    sketch.box(-0.12, 1.69, 0.12, 1.715, darker(outfit.bag))
