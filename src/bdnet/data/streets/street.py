"""The objects of a street, which never run into each other."""

from typing import NamedTuple

import numpy as np

from bdnet.data.streets.classes import Label
from bdnet.data.streets.foliage import Plant
from bdnet.data.streets.light import Light
from bdnet.data.streets.props import Prop, collide, floor
from bdnet.data.streets.rasteriser import Surface
from bdnet.data.streets.textures import Detail, Texture

KERB = 5.2  # metres from the centre line


class Drive(NamedTuple):
    """The parts of the camera's drive that objects in the street depend on."""

    frames: int
    pace: float  # metres per frame, mean
    travel: float  # metres from the first frame to the last


class Street:
    """The objects of one street, and all that is needed to add more of them."""

    def __init__(
        self,
        random: np.random.Generator,
        detail: Detail,
        light: Light,
        plants: list[Plant],
        drive: Drive,
    ) -> None:
        self.random, self.detail, self.light = random, detail, light
        self.plants, self.drive = plants, drive
        self.dark_shadow = shadow_texture(0.62)
        self.soft_shadow = shadow_texture(0.2 + 0.3 * light.strength)
        self.props: list[Prop] = []

    def uniform(self, low: float, high: float) -> float:
        """Return a random number."""
        return float(self.random.uniform(low, high))

    def chance(self, probability: float) -> bool:
        """Return True with that probability."""
        return bool(self.random.random() < probability)

    def is_free(self, prop: Prop, gap: tuple[float, float]) -> bool:
        """Return whether a prop always stays `gap` (x, z; metres) away from all others."""
        return not any(collide(prop, neighbour, self.drive.frames, gap) for neighbour in self.props)

    def nearest_z(self, z: float, step: float) -> float:
        """Return the smallest z of an object that starts at z and moves `step` metres per frame."""
        return z + min(step, 0.0) * self.drive.frames

    def shadow(self, wide: float, long: float, texture: Texture, shift: float) -> Surface:
        """Return a shadow on the ground, `shift` metres away from the sun."""
        x = -self.light.sun * shift * self.light.strength
        across, along = (x - wide / 2, x + wide / 2), (-long / 2, long / 2)
        return floor(texture, Label.UNCHANGED, across, along)


def shadow_texture(strength: float) -> Texture:
    """Return a soft rectangular shadow."""
    ramp = np.linspace(-1, 1, 48, dtype=np.float32)
    edge = np.clip((1 - np.abs(ramp)) * 4, 0, 1) * np.clip(1.15 - np.abs(ramp) ** 3, 0, 1)
    pixels = np.zeros((48, 48, 4), np.uint8)
    pixels[..., 3] = np.round(255 * strength * edge[:, None] * edge[None])
    return Texture(pixels)
