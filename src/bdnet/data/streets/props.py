"""Objects that stand or move in the street, and the order in which to paint them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bdnet.data.streets.classes import Label
from bdnet.data.streets.rasteriser import Surface
from bdnet.data.streets.textures import Texture


@dataclass(frozen=True, eq=False)
class Prop:
    """An object with a rectangular footprint and a cycle of poses."""

    poses: tuple[tuple[Surface, ...], ...]  # around (0, 0), far surfaces first
    position: tuple[float, float]  # x and z of its middle in frame 0, metres
    half: tuple[float, float]  # half its width (x) and length (z), metres
    step: tuple[float, float] = (0.0, 0.0)  # metres per frame
    cadence: float = 0.0  # poses per frame
    phase: float = 0.0  # the pose in frame 0
    shadow: Surface | None = None

    @cached_property
    def reach(self) -> float:
        """Return how far it reaches to the left or right of its middle, in metres."""
        frames = np.stack([surface.frame for pose in self.poses for surface in pose])
        corners = frames[:, 0] @ [[0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]]
        return float(np.abs(corners).max())

    def position_at(self, frame: float) -> tuple[float, float]:
        """Return x and z of its middle, in metres."""
        return self.position[0] + self.step[0] * frame, self.position[1] + self.step[1] * frame

    def surfaces(self, frame: int) -> list[Surface]:
        """Return its surfaces where they are in that frame."""
        pose = self.poses[int(self.phase + self.cadence * frame) % len(self.poses)]
        x, z = self.position_at(frame)
        return [surface.moved(x, z) for surface in pose]

    def shadow_at(self, frame: int) -> list[Surface]:
        """Return its shadow where it is in that frame."""
        return [] if self.shadow is None else [self.shadow.moved(*self.position_at(frame))]


def far_to_near(props: Sequence[Prop], frame: int, eye: tuple[float, float]) -> list[Prop]:
    """Return the props far to near, for a camera at (x, z) = `eye` that looks along z."""
    if not props:
        return []
    position = np.array([prop.position_at(frame) for prop in props]) - eye
    half = np.array([prop.half for prop in props])
    (left, start), (right, end) = (position - half).T, (position + half).T
    ahead = end[:, None] < start[None]  # row ends before column starts: row hides column
    beyond = start[:, None] > end[None]
    inner = np.where(left > 0, left, np.where(right < 0, -right, 0.0))
    hides = ahead | (~beyond & (inner[:, None] < inner[None]))
    middle = position[:, 1]
    unsure = ~hides & ~hides.T  # neither rule applies: the nearer middle hides the other
    hides |= unsure & (middle[:, None] < middle[None])
    # a pair that does not meet in the picture must not force an order: it could close a circle
    hides &= can_overlap(position, np.array([prop.reach for prop in props]), start, end)
    waiting = hides.sum(1)  # how many unpainted props each prop hides
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


def can_overlap(
    position: NDArray[np.float64],
    reach: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which pairs [n,n] can overlap in the picture; positions [n,2] from the eye."""
    depths = np.maximum(np.stack([start, end]), 0.5)
    bearings = np.concatenate(
        [(position[:, 0] - reach) / depths, (position[:, 0] + reach) / depths]
    )
    low, high = bearings.min(0), bearings.max(0)
    before: NDArray[np.bool_] = low[:, None] < high[None]
    return before & before.T


def collide(first: Prop, second: Prop, frames: int, gap: tuple[float, float]) -> bool:
    """Return whether two footprints come nearer than `gap` (x, z; metres) in any frame."""
    start, end = 0.0, float(frames)
    for axis in (0, 1):
        apart = first.position[axis] - second.position[axis]
        drift = first.step[axis] - second.step[axis]
        reach = first.half[axis] + second.half[axis] + gap[axis]
        if drift == 0:
            if abs(apart) >= reach:
                return False
            continue
        enter, leave = sorted(((-reach - apart) / drift, (reach - apart) / drift))
        start, end = max(start, enter), min(end, leave)
    return start < end


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
