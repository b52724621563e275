"""Time of day and weather: sky, sun, haze, and the sensor."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.data.streets.camera import Camera
from bdnet.data.streets.parameters import StreetParameters
from bdnet.data.streets.textures import Plane, Texels, Tint, noise, to_bytes

# name: zenith, horizon, tint of everything, strength of the sun, share of clouds
WEATHERS: tuple[tuple[Tint, Tint, Tint, float, float], ...] = (
    ((70, 122, 190), (190, 212, 232), (1.02, 1.0, 0.97), 0.9, 0.35),  # noon
    ((92, 132, 186), (206, 214, 220), (1.0, 1.0, 1.0), 0.6, 0.6),  # fair
    ((150, 158, 168), (205, 208, 210), (0.95, 0.97, 1.0), 0.1, 0.9),  # overcast
    ((88, 104, 150), (240, 202, 160), (1.06, 0.97, 0.84), 0.75, 0.5),  # evening
    ((120, 130, 152), (188, 190, 196), (0.86, 0.9, 0.97), 0.15, 0.95),  # rain clouds
    ((84, 140, 196), (222, 222, 206), (1.04, 1.0, 0.92), 0.8, 0.2),  # morning
)


@dataclass(frozen=True)
class Light:
    """The light of one drive."""

    sun: int  # the side that the sun stands on: -1 left, 1 right
    strength: float  # of the sun, 0..1
    zenith: Tint
    horizon: Tint
    tint: Tint
    clouds: float  # 0..1
    haze: float  # 1/metres
    exposure: float
    contrast: float

    def brightness(self, side: int) -> float:
        """Return the brightness of a surface that faces that side (-1, 1) or the camera (0)."""
        if side == 0:
            return 0.95 - 0.1 * self.strength
        return 0.95 + (0.17 if side == self.sun else -0.3) * self.strength


def random_light(parameters: StreetParameters, random: np.random.Generator) -> Light:
    """Draw the light of one drive."""
    zenith, horizon, tint, strength, clouds = WEATHERS[int(random.integers(len(WEATHERS)))]
    return Light(
        sun=int(random.choice((-1, 1))),
        strength=strength * float(random.uniform(0.8, 1.0)),
        zenith=zenith,
        horizon=horizon,
        tint=tint,
        clouds=clouds * float(random.uniform(0.7, 1.0)),
        haze=1 / float(random.uniform(*parameters.visibility)),
        exposure=float(random.uniform(0.98, 1.16)),
        contrast=float(random.uniform(0.95, 1.1)),
    )


class Sky:
    """A picture of the sky, infinitely far away."""

    def __init__(
        self, parameters: StreetParameters, light: Light, random: np.random.Generator
    ) -> None:
        rows, columns = round(parameters.height * 0.7), round(parameters.width * 1.3)
        self.margin = (columns - parameters.width) / 2
        self.rows = rows
        height = np.linspace(1, 0, rows, dtype=np.float32)[:, None]
        share = np.clip(height, 0, 1)[..., None] ** 0.8
        picture = share * np.array(light.zenith, np.float32) + (1 - share) * np.array(
            light.horizon, np.float32
        )
        # clouds get smaller and closer together towards the horizon
        field = noise(random, rows, columns, rows / 1.5, 2)
        far = np.float32(0.45) / (height + np.float32(0.14))
        row = (far * np.float32(0.6 * rows)).repeat(columns, 1)
        column = (np.arange(columns, dtype=np.float32)[None] - columns / 2) * far * np.float32(0.8)
        warped = cv2.remap(
            field, column.astype(np.float32), row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        cover = np.clip((warped + 2.4 * light.clouds - 1.35) * 0.7, 0, 1)[..., None] * np.float32(
            0.85
        )
        lit = (232 + 14 * warped[..., None]) * np.array((1, 1, 1.01), np.float32) - 40 * (
            light.strength < 0.3
        )
        picture = picture * (1 - cover) + lit * cover
        self._picture = to_bytes(picture)

    def view(self, camera: Camera) -> Texels:
        """Return the sky [H,W,3] behind everything that the camera sees."""
        horizon = camera.height / 2 + camera.focal * np.tan(camera.pitch)
        matrix = np.array(
            [[1.0, 0, camera.focal * camera.yaw + self.margin], [0, 1, self.rows - 1 - horizon]]
        )
        return cv2.warpAffine(
            self._picture,
            matrix,
            (camera.width, camera.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # type: ignore[return-value]


class Sensor:
    """Turns a painted picture into one that a dash camera records."""

    def __init__(
        self, parameters: StreetParameters, light: Light, random: np.random.Generator
    ) -> None:
        height, width = parameters.height, parameters.width
        self._random, self._light = random, light
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, width, dtype=np.float32)[None]
        vignette = 1 - 0.11 * (x**2 + 0.6 * y**2)
        gain = np.array(light.tint, np.float32) * np.float32(light.exposure * light.contrast)
        self._gain = vignette[..., None] * gain
        self._offset = np.float32(118 * (1 - light.contrast))
        shape = (height + 64, width + 64, 3)
        self._noise: Plane = random.standard_normal(shape, np.float32) * np.float32(
            parameters.noise
        )

    def record(self, image: Texels, inverse_depth: NDArray[np.float32]) -> Texels:
        """Return the recorded picture [H,W,3] of painted colours and their 1/distance [H,W]."""
        distance = 1 / np.maximum(inverse_depth, np.float32(1e-3))
        kept = np.exp(distance * np.float32(-self._light.haze))
        kept[inverse_depth == 0] = 1  # the sky's own colours have the haze in them
        haze = np.array(self._light.horizon, np.float32)
        picture = haze + (image - haze) * kept[..., None]
        picture *= self._gain
        picture += self._offset
        row, column = self._random.integers(0, 64, 2).tolist()
        height, width = inverse_depth.shape
        picture += self._noise[row : row + height, column : column + width]
        return to_bytes(picture)
