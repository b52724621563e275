"""Models of vehicles, and the textures of their faces."""

from dataclasses import dataclass

import numpy as np

from bdnet.data.streets.sketch import Point, Sketch
from bdnet.data.streets.textures import Texture, Tint, darker, pick_colour

TYRE: Tint = (26, 26, 28)
LEAN = 0.13  # metres that the side windows lean inwards
OVERLAP = 0.07  # share of a face that lies under the next one, so that no seam shows


@dataclass(frozen=True)
class Body:
    """The profile of a model, in metres.

              ____________          roof
             /            \\
        ____/______________\\__      belt
       |  deck            deck |
    nose                       tail
    """

    length: float
    width: float
    roof: float
    belt: float
    bonnet: float
    windscreen: float  # horizontal run
    boot: float
    rear: float  # horizontal run of the rear window

    def end(self, deck: float) -> float:
        """Return the height of nose or tail below a bonnet or boot of `deck` metres."""
        return self.belt - min(0.22, 0.2 * deck)


BODIES: tuple[Body, ...] = (
    Body(4.0, 1.75, 1.48, 0.95, 0.95, 0.75, 0.06, 0.45),  # hatchback
    Body(4.5, 1.78, 1.43, 0.93, 1.15, 0.80, 0.75, 0.55),  # saloon
    Body(4.6, 1.78, 1.47, 0.95, 1.15, 0.80, 0.05, 0.35),  # estate
    Body(4.6, 1.88, 1.75, 1.08, 1.05, 0.60, 0.06, 0.30),  # off-roader
    Body(5.0, 1.95, 2.15, 1.15, 0.70, 0.55, 0.03, 0.10),  # van
    Body(9.5, 2.45, 2.95, 1.15, 0.05, 0.15, 0.03, 0.08),  # bus
)
CHANCES = (0.28, 0.24, 0.16, 0.16, 0.12, 0.04)


def random_body(random: np.random.Generator) -> Body:
    """Return the model of some vehicle."""
    return BODIES[int(random.choice(len(BODIES), p=CHANCES))]


def windscreen(random: np.random.Generator, body: Body, paint: Tint, scale: float) -> Texture:
    """Draw the windscreen or rear window between its pillars."""
    half, high = body.width / 2, body.roof - body.belt
    sketch = Sketch(body.width, high, scale)
    inset = half - LEAN
    sketch.polygon([(-half, 0), (half, 0), (inset, high), (-inset, high)], paint)
    glass = pick_colour(random, ((46, 56, 66), (66, 80, 92), (36, 42, 50)), 6)
    low, up = 0.06, high - 0.09
    sketch.polygon(
        [(-half + 0.12, low), (half - 0.12, low), (inset - 0.1, up), (-inset + 0.1, up)], glass
    )
    sketch.polygon(
        [(-0.1, low), (half - 0.35, low), (inset - 0.35, up), (0.15, up)], darker(glass, 1.45)
    )
    for x in (-half * 0.45, half * 0.45):  # seats
        sketch.box(x - 0.2, low, x + 0.2, high * 0.34, darker(glass, 0.72))
        sketch.box(x - 0.1, high * 0.34, x + 0.1, high * 0.52, darker(glass, 0.72))
    return sketch.texture(random, 0.03)


def windows(random: np.random.Generator, body: Body, paint: Tint, scale: float) -> Texture:
    """Draw the side windows, the nose at the left."""
    half, high = body.length / 2, body.roof - body.belt
    sketch = Sketch(body.length, high, scale)
    front, back = -half + body.bonnet, half - body.boot
    reach = 0.04  # metres that the side goes past the slopes, against seams
    outline = [
        (front - OVERLAP * body.windscreen - reach, 0.0),
        (back + OVERLAP * body.rear + reach, 0.0),
        (back - body.rear + reach, high),
        (front + body.windscreen - reach, high),
    ]
    sketch.polygon(outline, paint)
    top, slope = high - 0.1, body.windscreen * 0.8
    pane = [
        (front + 0.25, 0.04),
        (back - 0.25, 0.04),
        (back - body.rear - 0.1, top),
        (front + slope + 0.25, top),
    ]
    glass: Tint = (48, 56, 64)
    sketch.polygon(pane, glass)
    sheen = [(x, top - (top - y) * 0.45) for x, y in pane]
    sketch.polygon([pane[3], pane[2], sheen[1], sheen[0]], darker(glass, 1.5))
    for x in pillars(body):
        sketch.box(x - 0.06, 0, x + 0.06, high, darker(paint, 0.9))
    return sketch.texture(random, 0.035)


def pillars(body: Body) -> list[float]:
    """Return where the pillars between the side windows stand, in metres from the middle."""
    first, last = body.bonnet + body.windscreen, body.length - body.boot - body.rear
    positions: list[float] = np.linspace(first, last, 2 + round(body.length / 2.2)).tolist()
    return [position - body.length / 2 for position in positions[1:-1]]


def doors(random: np.random.Generator, body: Body, paint: Tint, scale: float) -> Texture:
    """Draw the doors, mudguards and wheels of a side, the nose at the left."""
    half, belt = body.length / 2, body.belt
    sketch = Sketch(body.length, belt, scale)
    front, back = -half + body.bonnet, half - body.boot
    nose, tail = body.end(body.bonnet) + 0.02, body.end(body.boot) + 0.02
    outline = [(-half, 0.28), (half, 0.28), (half, tail), (back, belt), (front, belt)]
    sketch.polygon([*outline, (-half, nose)], paint)
    sketch.box(-half + 0.02, 0.36, half - 0.02, 0.52, darker(paint, 0.82))
    sketch.box(front, belt - 0.09, back, belt - 0.03, darker(paint, 1.2))
    sketch.box(-half, 0.24, half, 0.36, darker(paint, 0.45))
    sketch.box(-half + 0.1, 0.58, half - 0.1, 0.63, darker(paint, 0.75))
    for x in pillars(body):
        sketch.box(x - 0.02, 0.36, x + 0.02, belt, darker(paint, 0.6))
        sketch.box(x + 0.08, belt - 0.16, x + 0.28, belt - 0.11, darker(paint, 0.5))
    sketch.box(-half, nose - 0.18, -half + 0.3, nose - 0.04, (232, 228, 214))
    sketch.box(half - 0.25, tail - 0.24, half, tail - 0.04, (170, 30, 28))
    for x in (-half + 0.19 * body.length, half - 0.19 * body.length):
        sketch.disc(x, 0.34, 0.40, 0.40, (20, 20, 20))
        sketch.disc(x, 0.33, 0.33, 0.33, TYRE)
        sketch.disc(x, 0.33, 0.2, 0.2, (140, 142, 146))
        sketch.disc(x, 0.33, 0.07, 0.07, (60, 60, 64))
    return sketch.texture(random, 0.035)


def end_panel(body: Body, paint: Tint, top: float, scale: float) -> Sketch:
    """Draw the parts that nose and tail share: tyres, bumper and panel."""
    half = body.width / 2
    sketch = Sketch(body.width, top, scale)
    for sign in (-1, 1):
        sketch.box(sign * (half - 0.05), 0, sign * (half - 0.3), 0.4, TYRE)
    sketch.box(-half + 0.28, 0.16, half - 0.28, 0.4, (18, 18, 20))
    corners: list[Point] = [
        (-half, 0.32),
        (half, 0.32),
        (half, top - 0.03),
        (half - 0.03, top),
        (-half + 0.03, top),
        (-half, top - 0.03),
    ]
    sketch.polygon(corners, paint)
    sketch.box(-half, 0.26, half, 0.46, darker(paint, 0.62))
    sketch.box(-half + 0.05, top - 0.07, half - 0.05, top - 0.03, darker(paint, 1.15))
    return sketch


def front(
    random: np.random.Generator, body: Body, paint: Tint, top: float, scale: float
) -> Texture:
    """Draw a nose: grille, lamps, number plate."""
    sketch, half = end_panel(body, paint, top, scale), body.width / 2
    sketch.box(-half * 0.48, top - 0.3, half * 0.48, top - 0.12, (30, 32, 34))
    sketch.box(-half * 0.44, top - 0.22, half * 0.44, top - 0.19, (150, 152, 154))
    for sign in (-1, 1):
        x = sign * half * 0.75
        sketch.disc(x, top - 0.2, 0.19, 0.11, (90, 92, 96))
        sketch.disc(x, top - 0.2, 0.15, 0.085, (246, 242, 226))
    sketch.box(-0.26, 0.36, 0.26, 0.48, (236, 236, 228))
    return sketch.texture(random, 0.035)


def back(random: np.random.Generator, body: Body, paint: Tint, top: float, scale: float) -> Texture:
    """Draw a tail: lamps, lid, number plate."""
    sketch, half = end_panel(body, paint, top, scale), body.width / 2
    sketch.box(-half * 0.62, top - 0.34, half * 0.62, top - 0.31, darker(paint, 0.6))
    for sign in (-1, 1):
        sketch.box(sign * (half - 0.03), top - 0.36, sign * (half - 0.3), top - 0.1, (176, 26, 24))
        sketch.box(
            sign * (half - 0.03), top - 0.25, sign * (half - 0.3), top - 0.19, (238, 150, 60)
        )
    sketch.box(-0.26, top - 0.3, 0.26, top - 0.18, (238, 214, 92))
    return sketch.texture(random, 0.035)


def panel(random: np.random.Generator, body: Body, paint: Tint, scale: float) -> Texture:
    """Draw a roof, bonnet or boot lid."""
    plain = Sketch(body.width, 1.0, scale)
    plain.box(-body.width / 2, 0, body.width / 2, 1, paint)
    return plain.texture(random, 0.04)
