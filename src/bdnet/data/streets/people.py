"""Pedestrians and cyclists, each a cycle of drawn poses."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from bdnet.data.streets.sketch import Sketch
from bdnet.data.streets.textures import Texture, Tint, dark, light_shade, pick

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
class Looks:
    """What one person wears."""

    skin: Tint
    hair: Tint
    jacket: Tint
    trousers: Tint
    bag: Tint
    coat: float  # metres that the jacket reaches below the hip
    hatted: bool
    laden: bool


def looks(random: np.random.Generator) -> Looks:
    """Dress somebody."""
    return Looks(
        skin=pick(random, SKIN),
        hair=pick(random, HAIR),
        jacket=pick(random, JACKETS, 14),
        trousers=pick(random, TROUSERS, 10),
        bag=pick(random, JACKETS, 14),
        coat=float(random.choice((0.0, 0.05, 0.3))),
        hatted=bool(random.random() < 0.25),
        laden=bool(random.random() < 0.4),
    )


def head(sketch: Sketch, who: Looks, x: float, y: float, view: str) -> None:
    """Draw a head around (x, y); `view` is front, back or side (looking right)."""
    sketch.box(x - 0.055, y - 0.17, x + 0.055, y - 0.05, dark(who.skin, 0.85))
    sketch.disc(x, y + 0.015, 0.108, 0.138, who.hair)
    if view == "front":
        sketch.disc(x, y - 0.025, 0.085, 0.105, who.skin)
    elif view == "side":
        sketch.disc(x + 0.035, y - 0.025, 0.075, 0.105, who.skin)
    if who.hatted:
        sketch.disc(x, y + 0.08, 0.118, 0.085, who.bag)


def walker(random: np.random.Generator, who: Looks, view: str, scale: float) -> tuple[Texture, ...]:
    """Return the poses of someone who walks, 0.96 by 1.85 metres, seen from `view`."""
    poses, grain = [], int(random.integers(1 << 32))
    for index in range(POSES):
        sketch = Sketch(0.96, 1.85, scale)
        phase = 2 * pi * index / POSES
        if view == "side":
            _walk_side(sketch, who, phase)
        else:
            _walk_along(sketch, who, phase, view)
        poses.append(sketch.texture(np.random.default_rng(grain), 0.09))
    return tuple(poses)


def _walk_along(sketch: Sketch, who: Looks, phase: float, view: str) -> None:
    """Draw one pose from the front or the back."""
    rise = 0.02 * cos(2 * phase)
    for sign in (-1, 1):
        lift = max(0.0, sin(phase) * sign)
        knee, foot = (sign * 0.115, 0.5 + 0.05 * lift), (sign * 0.1, 0.09 + 0.13 * lift)
        leg = who.trousers if lift < 0.3 else dark(who.trousers)
        sketch.limb([(sign * 0.09, 0.92 + rise), knee], 0.19, leg)
        sketch.limb([knee, foot], 0.15, leg)
        sketch.disc(foot[0], foot[1] - 0.03, 0.075, 0.06, SHOES)
        swing = 0.05 * sin(phase) * sign
        elbow, hand = (sign * 0.285, 1.13 + rise), (sign * 0.27, 0.88 + rise + swing)
        sketch.limb([(sign * 0.215, 1.40 + rise), elbow, hand], 0.125, dark(who.jacket, 0.8))
        sketch.disc(hand[0], hand[1] - 0.04, 0.05, 0.055, who.skin)
    waist, hip = 0.185, 0.90 - who.coat + rise
    shoulders = [
        (-0.24, 1.38 + rise),
        (-0.15, 1.47 + rise),
        (0.15, 1.47 + rise),
        (0.24, 1.38 + rise),
    ]
    sketch.polygon([*shoulders, (waist, 1.1), (0.21, hip), (-0.21, hip), (-waist, 1.1)], who.jacket)
    if view == "front":
        sketch.limb([(0, 1.42 + rise), (0, hip + 0.04)], 0.03, dark(who.jacket, 0.55))
        sketch.polygon(
            [(-0.07, 1.47 + rise), (0.07, 1.47 + rise), (0, 1.3)], light_shade(who.jacket)
        )
    elif who.laden:
        sketch.box(-0.16, 1.05, 0.16, 1.42, who.bag)
        sketch.box(-0.12, 1.09, 0.12, 1.2, dark(who.bag))
    head(sketch, who, 0.0, 1.64 + rise, view)


def _walk_side(sketch: Sketch, who: Looks, phase: float) -> None:
    """Draw one pose from the side, walking right."""
    rise = 0.025 * cos(2 * phase)
    for sign, shade in ((-1, 0.7), (1, 1.0)):
        swing = sin(phase) * sign
        bend = max(0.0, cos(phase) * sign)
        hip, foot = (0.0, 0.92 + rise), (0.33 * swing, 0.09 + 0.14 * bend)
        knee = ((hip[0] + foot[0]) / 2 + 0.05 + 0.08 * bend, 0.51 + 0.05 * bend)
        sketch.limb([hip, knee], 0.2, dark(who.trousers, shade))
        sketch.limb([knee, foot], 0.15, dark(who.trousers, shade))
        sketch.disc(foot[0] + 0.06, foot[1] - 0.03, 0.12, 0.055, SHOES)
        if sign == 1:
            skirt = 0.90 - who.coat + rise
            body = [
                (-0.13, 1.4),
                (-0.05, 1.48),
                (0.08, 1.47),
                (0.15, 1.3),
                (0.16, skirt),
                (-0.17, skirt),
            ]
            sketch.polygon([(x, y + rise) for x, y in body], who.jacket)
            if who.laden:
                sketch.box(-0.3, 1.06 + rise, -0.12, 1.42 + rise, who.bag)
        hand = (-0.27 * swing, 0.92 + rise + 0.04 * abs(swing))
        elbow = (-0.1 * swing - 0.04, 1.16 + rise)
        sketch.limb([(0.0, 1.38 + rise), elbow, hand], 0.12, dark(who.jacket, 0.62 + 0.2 * shade))
        sketch.disc(hand[0], hand[1] - 0.03, 0.05, 0.05, dark(who.skin, shade))
    head(sketch, who, 0.03, 1.64 + rise, "side")
