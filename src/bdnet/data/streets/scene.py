"""One street with everything in it, and how it looks in a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bdnet.data.streets import kerbside, pedestrians, traffic
from bdnet.data.streets.cast import KERB, Cast, Drive
from bdnet.data.streets.classes import Label
from bdnet.data.streets.facades import front
from bdnet.data.streets.foliage import Plant, trees
from bdnet.data.streets.grounds import asphalt, paving
from bdnet.data.streets.houses import house
from bdnet.data.streets.plots import Land
from bdnet.data.streets.props import floor, ordered, upright
from bdnet.data.streets.textures import Detail, Texture, cut_out, noise, quantised

if TYPE_CHECKING:
    from bdnet.data.streets.camera import Camera
    from bdnet.data.streets.light import Light
    from bdnet.data.streets.parameters import StreetParameters
    from bdnet.data.streets.rasteriser import Surface

PERIOD = 8.0  # metres after which road and pavement repeat
REACH = 100.0  # metres of street ahead of the last camera
SHADED = 42.0  # metres: shadows farther away are thinner than a pixel
FARTHEST = 240.0  # metres to the skyline at most
GROUND = 34.0  # metres of pavement and land to each side


class Scene:
    """A street for one drive."""

    def __init__(
        self,
        parameters: StreetParameters,
        cameras: list[Camera],
        light: Light,
        random: np.random.Generator,
    ) -> None:
        finer = min(max(parameters.height / 128, 0.75), 4.0)  # texels grow with the picture
        travel = cameras[-1].position[2]
        pace = travel / max(len(cameras) - 1, 1)
        detail, self._end = Detail(cameras[0].focal, travel), REACH + travel
        self._road = Texture(asphalt(random, 2 * KERB, PERIOD, 26 * finer))
        pavements = paving(random, GROUND - KERB, 2 * KERB, PERIOD, 20 * finer)
        self._pavements = Texture(pavements)
        plants = trees(random, 5, 24 * finer, light)
        zebra = travel + float(random.uniform(9, 34))
        self._shades = [*stains(random, self._end), crosswalk(zebra, 26 * finer)]
        self._plots: list[tuple[float, list[Surface]]] = []
        for side in (-1, 1):
            land = Land(random, side, detail, light, plants=plants, road=self._road)
            self._plots += land.plots(self._end)
            self._shades = land.roads + self._shades + land.shadows
        self._plots.sort(key=lambda plot: -plot[0])
        cast = Cast(random, detail, light, plants, Drive(len(cameras), pace, travel))
        fill(cast, self._end, zebra, parameters.density)
        self._props = cast.props
        self._skyline = skyline(random, 4 * finer, light, plants)

    def surfaces(self, frame: int, camera: Camera) -> list[Surface]:
        """Return what stands in front of the sky in that frame, far things first."""
        eye, _, z = camera.position
        horizon = min(self._end, z + FARTHEST)
        seen = [surface.moved(0, horizon) for surface in self._skyline]
        shades = [surface for surface in self._shades if surface.frame[2, 2] - z < SHADED]
        seen = self._ground(z) + shades + seen
        props = [prop for prop in self._props if -6.0 < prop.at(frame)[1] - z < horizon - z]
        for prop in props:
            if prop.at(frame)[1] - z < SHADED:
                seen += prop.shade(frame)
        for start, surfaces in self._plots:
            if start < horizon and start > z - 40:
                seen += surfaces
        for prop in ordered(props, frame, (eye, z)):
            seen += prop.seen(frame)
        return seen

    def _ground(self, z: float) -> list[Surface]:
        """Return road and pavements, cut into bands that need textures of different sharpness."""
        first = np.floor(z / PERIOD)
        bands = []
        for near, far in ((8, 400), (4, 8), (2, 4), (1, 2), (0, 1)):
            start, count = (first + near) * PERIOD, float(far - near)
            # a band reaches under the next nearer one, so that no seam shows
            along, repeats = (start - 0.5 * PERIOD, start + count * PERIOD), (1.0, count + 0.5)
            across = (-GROUND, GROUND)
            bands.append(floor(self._pavements, Label.PAVEMENT, across, along, repeats=repeats))
            bands.append(floor(self._road, Label.ROAD, (-KERB, KERB), along, repeats=repeats))
        return bands


def fill(cast: Cast, end: float, zebra: float, density: float) -> None:
    """Furnish and populate a street of `end` metres with a crosswalk at `zebra`."""
    seen = cast.drive.travel
    kerbside.furnish(cast, end)
    traffic.park(cast, seen + 60, density)
    traffic.flow(cast, seen + 75, density)
    pedestrians.ride(cast, seen + 45, density)
    pedestrians.cross(cast, zebra, density)
    pedestrians.stroll(cast, seen + 55, density)


def stains(random: np.random.Generator, end: float) -> list[Surface]:
    """Return patches, stains and manhole covers on the road."""
    marks = []
    textures = []
    for _ in range(4):
        field = noise(random, 48, 48, 24, 3)
        ramp = np.linspace(-1, 1, 48, dtype=np.float32)
        inside = 1.1 - np.maximum(np.abs(ramp)[:, None], np.abs(ramp)[None]) ** 2 + 0.2 * field
        tone = float(random.uniform(30, 62))
        picture = np.full((48, 48, 3), tone, np.float32)
        textures.append(Texture(cut_out(picture, np.clip((inside - 0.5) * 3, 0, 1) * 0.4)))
    z = 2.0
    while z < end - 60.0:
        x = float(random.uniform(-KERB + 0.8, KERB - 0.8))
        wide, long = float(random.uniform(0.4, 1.2)), float(random.uniform(0.6, 3.0))
        texture = textures[int(random.integers(len(textures)))]
        marks.append(floor(texture, Label.UNCHANGED, (x - wide, x + wide), (z, z + long)))
        z += float(random.uniform(1.5, 6.0))
    return marks


def crosswalk(z: float, scale: float) -> Surface:
    """Return the stripes on which people cross."""
    columns = round(2 * KERB * scale)
    stripes = (np.arange(columns) / scale + 0.25) % 1.0 < 0.5
    alpha = np.where(stripes, np.float32(0.85), np.float32(0))[None].repeat(round(1.2 * scale), 0)
    paint = Texture(cut_out(np.full((*alpha.shape, 3), 206, np.float32), alpha))
    return floor(paint, Label.UNCHANGED, (-KERB, KERB), (z - 1.7, z + 1.7))


def skyline(
    random: np.random.Generator, scale: float, light: Light, plants: list[Plant]
) -> list[Surface]:
    """Return the houses and trees that close the view, at z = 0."""
    surfaces = []
    x = -75.0
    while x < 75:
        design = house(random, int(random.integers(2, 6)))
        width = float(random.uniform(9, 16))
        picture = front(random, design, width, scale) * np.float32(light.on(0))
        surfaces.append(
            upright(
                Texture(quantised(picture)),
                Label.BUILDING,
                width + 0.3,  # they overlap, so that no seam shows
                design.height,
                x=x + width / 2,
            )
        )
        x += width
    for _ in range(8):
        plant = plants[int(random.integers(len(plants)))]
        x = float(random.uniform(-60, 60))
        surfaces.append(upright(plant.texture, Label.TREE, plant.width * 1.3, plant.height, x=x))
    return surfaces
