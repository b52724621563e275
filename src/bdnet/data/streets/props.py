"""Things that stand or move in the street, and which of them hides which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bdnet.data.streets.rasteriser import Surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bdnet.data.streets.classes import Label
    from bdnet.data.streets.textures import Texture


@dataclass(frozen=True, eq=False)
class Prop:
    """A thing with a rectangular footprint and a cycle of poses."""

    poses: tuple[tuple[Surface, ...], ...]  # around (0, 0), far surfaces first
    place: tuple[float, float]  # x and z of its middle in frame 0, metres
    half: tuple[float, float]  # half its width (x) and length (z), metres
    step: tuple[float, float] = (0.0, 0.0)  # metres per frame
    cadence: float = 0.0  # poses per frame
    phase: float = 0.0  # the pose in frame 0
    shadow: Surface | None = None

    @cached_property
    def reach(self) -> float:
        """Return how far it is seen to reach to the left or right of its middle, in metres."""
        frames = np.stack([surface.frame for pose in self.poses for surface in pose])
        corners = frames[:, 0] @ [[0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]]
        return float(np.abs(corners).max())

    def at(self, frame: float) -> tuple[float, float]:
        """Return x and z of its middle, in metres."""
        return self.place[0] + self.step[0] * frame, self.place[1] + self.step[1] * frame

    def seen(self, frame: int) -> list[Surface]:
        """Return its surfaces where they are in that frame."""
        pose = self.poses[int(self.phase + self.cadence * frame) % len(self.poses)]
        x, z = self.at(frame)
        return [surface.moved(x, z) for surface in pose]

    def shade(self, frame: int) -> list[Surface]:
        """Return its shadow where it is in that frame."""
        return [] if self.shadow is None else [self.shadow.moved(*self.at(frame))]


def ordered(props: Sequence[Prop], frame: int, eye: tuple[float, float]) -> list[Prop]:
    """Return the props far to near, for a camera at (x, z) = `eye` that looks along z."""
    if not props:
        return []
    place = np.array([prop.at(frame) for prop in props]) - eye
    half = np.array([prop.half for prop in props])
    (left, start), (right, end) = (place - half).T, (place + half).T
    ahead = end[:, None] < start[None]  # row ends before column starts: row hides column
    beyond = start[:, None] > end[None]
    inner = np.where(left > 0, left, np.where(right < 0, -right, 0.0))
    hides = ahead | (~beyond & (inner[:, None] < inner[None]))
    middle = place[:, 1]
    unsure = ~hides & ~hides.T  # neither rule speaks: the nearer middle hides the other
    hides |= unsure & (middle[:, None] < middle[None])
    # a pair that does not meet in the picture must not force an order: it could close a circle
    hides &= meeting(place, np.array([prop.reach for prop in props]), start, end)
    waiting = hides.sum(1)  # how many unpainted things each one hides
    order: list[Prop] = []
    left_over = np.ones(len(props), bool)
    while left_over.any():
        ready = left_over & (waiting <= 0)
        candidates = ready if ready.any() else left_over
        index = int(np.argmax(np.where(candidates, middle, -np.inf)))
        order.append(props[index])
        left_over[index] = False
        waiting -= hides[:, index]
    return order


def meeting(
    place: NDArray[np.float64],
    reach: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which pairs [n,n] can overlap in the picture; places [n,2] are seen from the eye."""
    depths = np.maximum(np.stack([start, end]), 0.5)
    bearings = np.concatenate([(place[:, 0] - reach) / depths, (place[:, 0] + reach) / depths])
    low, high = bearings.min(0), bearings.max(0)
    before: NDArray[np.bool_] = low[:, None] < high[None]
    return before & before.T


def clash(one: Prop, other: Prop, frames: int, gap: tuple[float, float]) -> bool:
    """Return whether two footprints come nearer than `gap` (x, z; metres) in any frame."""
    first, last = 0.0, float(frames)
    for axis in (0, 1):
        apart, drift = one.place[axis] - other.place[axis], one.step[axis] - other.step[axis]
        reach = one.half[axis] + other.half[axis] + gap[axis]
        if drift == 0:
            if abs(apart) >= reach:
                return False
            continue
        enter, leave = sorted(((-reach - apart) / drift, (reach - apart) / drift))
        first, last = max(first, enter), min(last, leave)
    return first < last


def upright(
    texture: Texture,
    label: Label,
    width: float,
    height: float,
    *,
    x: float = 0.0,
    base: float = 0.0,
) -> Surface:
    """Return a surface that faces the camera, its foot's middle at x, `base` metres up, z = 0."""
    frame = [[width, 0, x - width / 2], [0, -height, base + height], [0, 0, 0]]
    return Surface(np.array(frame, np.float64), texture, label)


def floor(
    texture: Texture,
    label: Label,
    across: tuple[float, float],
    along: tuple[float, float],
    *,
    repeats: tuple[float, float] = (1.0, 1.0),
) -> Surface:
    """Return a part of the ground from x to x (`across`) and z to z (`along`), in metres."""
    (left, right), (near, far) = across, along
    frame = [[right - left, 0, left], [0, 0, 0], [0, near - far, far]]
    return Surface(np.array(frame, np.float64), texture, label, repeats)


def wall(
    texture: Texture,
    label: Label,
    x: float,
    along: tuple[float, float],
    height: float,
    *,
    repeats: tuple[float, float] = (1.0, 1.0),
) -> Surface:
    """Return a wall along the street at x, turned to the middle of the street."""
    near, far = along
    start, run = (near, far - near) if x < 0 else (far, near - far)
    frame = [[0, 0, x], [0, -height, height], [run, 0, start]]
    return Surface(np.array(frame, np.float64), texture, label, repeats)
