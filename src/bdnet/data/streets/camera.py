"""The camera behind the windscreen, and the way that it drives."""

from dataclasses import dataclass
from math import atan, cos, radians, sin, tan

import numpy as np
from numpy.typing import NDArray

from bdnet.data.streets.parameters import StreetParameters

LANE = 1.6  # metres from the centre line to the middle of the own lane
HORIZON = 0.46  # mean height of the horizon in the picture, 0 = top row, 1 = bottom row


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in a world whose axes are x (right), y (up) and z (along the street)."""

    position: tuple[float, float, float]  # metres
    yaw: float  # radians, positive looks right
    pitch: float  # radians, positive looks up
    focal: float  # pixels
    height: int  # pixels
    width: int  # pixels

    def matrix(self) -> NDArray[np.float64]:
        """Return the [3,4] matrix from world (x, y, z, 1) to (column, row, 1) times depth."""
        across, along = cos(self.yaw), sin(self.yaw)
        level, rise = cos(self.pitch), sin(self.pitch)
        rotation = np.array(
            [
                [across, 0.0, -along],
                [along * rise, -level, across * rise],
                [along * level, rise, across * level],
            ]
        )
        intrinsics = np.array(
            [[self.focal, 0.0, self.width / 2], [0.0, self.focal, self.height / 2], [0, 0, 1]]
        )
        turned = intrinsics @ rotation
        return np.column_stack([turned, -turned @ np.array(self.position)])


def focal_length(parameters: StreetParameters) -> float:
    """Return the focal length in pixels."""
    return parameters.width / 2 / tan(radians(parameters.field_of_view) / 2)


def smooth_curve(random: np.random.Generator, length: int, period: float) -> NDArray[np.float64]:
    """Return a smooth random curve [length] in -1..1 that swings about once per `period` frames."""
    time = np.arange(length)
    phases = random.uniform(0, 2 * np.pi, 3)
    rates = 2 * np.pi / (period * random.uniform(0.8, 1.3, 3) * np.array([1.0, 0.61, 0.37]))
    curve: NDArray[np.float64] = np.sin(time[:, None] * rates + phases) @ (0.6, 0.25, 0.15)
    return curve


def drive(parameters: StreetParameters, random: np.random.Generator) -> list[Camera]:
    """Return the camera of every frame of one drive."""
    focal, length = focal_length(parameters), parameters.length
    mean = random.uniform(*parameters.speed)
    speed = mean * (1 + 0.15 * smooth_curve(random, length, 50))
    ahead = np.concatenate([[0.0], np.cumsum(speed)])[:length]
    side = LANE + 0.25 * smooth_curve(random, length, 160)
    lift = parameters.eye_height + 0.012 * smooth_curve(random, length, 14)
    yaw = radians(2.0) * smooth_curve(random, length, 60)
    rest = -atan((0.5 - HORIZON) * parameters.height / focal)
    pitch = rest + radians(0.25) * smooth_curve(random, length, 7)
    return [
        Camera((x, y, z), turn, tilt, focal, parameters.height, parameters.width)
        for x, y, z, turn, tilt in zip(
            *(values.tolist() for values in (side, lift, ahead, yaw, pitch)), strict=True
        )
    ]
