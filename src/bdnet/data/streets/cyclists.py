"""People on bicycles."""

from __future__ import annotations

from math import pi, sin

import numpy as np

from bdnet.data.streets.people import POSES, SHOES, Looks, head
from bdnet.data.streets.sketch import Sketch
from bdnet.data.streets.textures import Texture, Tint, dark, light_shade, varied


def cyclist(
    random: np.random.Generator, who: Looks, view: str, scale: float
) -> tuple[Texture, ...]:
    """Return the poses of someone who rides, 0.96 by 1.85 metres, seen from `view`."""
    poses, grain = [], int(random.integers(1 << 32))
    frame = varied(random, who.bag, 10)
    for index in range(POSES):
        sketch = Sketch(0.96, 1.85, scale)
        _ride(sketch, who, frame, 2 * pi * index / POSES, view)
        poses.append(sketch.texture(np.random.default_rng(grain), 0.09))
    return tuple(poses)


def _ride(sketch: Sketch, who: Looks, frame: Tint, phase: float, view: str) -> None:
    """Draw one pose of a rider from the front or the back."""
    sketch.disc(0, 0.34, 0.085, 0.34, (32, 32, 34))
    sketch.disc(0, 0.34, 0.03, 0.26, (120, 120, 122))
    sketch.limb([(0, 0.5), (0, 1.0)], 0.08, frame)
    if view == "back":
        sketch.box(-0.12, 0.62, 0.12, 0.74, (170, 30, 30))  # mudguard with reflector
    sketch.limb([(-0.31, 1.02), (0.31, 1.02)], 0.06, (50, 50, 54))
    for sign in (-1, 1):
        turn = sin(phase) * sign
        foot, knee = (sign * 0.15, 0.36 + 0.15 * turn), (sign * 0.19, 0.74 + 0.1 * turn)
        sketch.limb([(sign * 0.11, 1.0), knee], 0.19, who.trousers)
        sketch.limb([knee, foot], 0.14, dark(who.trousers, 0.85))
        sketch.disc(foot[0], foot[1] - 0.02, 0.08, 0.06, SHOES)
        sketch.limb(
            [(sign * 0.2, 1.42), (sign * 0.34, 1.22), (sign * 0.3, 1.03)],
            0.12,
            dark(who.jacket, 0.8),
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
    sketch.polygon(body, who.jacket)
    sketch.box(-0.21, 1.16, 0.21, 1.22, light_shade(who.jacket))  # reflecting band
    if view == "back" and who.laden:
        sketch.box(-0.15, 1.08, 0.15, 1.44, who.bag)
    head(sketch, who, 0, 1.64, view)
    sketch.disc(0, 1.715, 0.125, 0.09, who.bag)  # helmet
    sketch.box(-0.12, 1.69, 0.12, 1.715, dark(who.bag))
