"""One street with everything in it, and the surfaces of each frame."""

import numpy as np

from bdnet.data.streets import kerbside, people, vehicles
from bdnet.data.streets.camera import Camera
from bdnet.data.streets.classes import Label
from bdnet.data.streets.facades import front
from bdnet.data.streets.foliage import Plant, trees
from bdnet.data.streets.ground import asphalt, crosswalk, paving, stains
from bdnet.data.streets.houses import house
from bdnet.data.streets.light import Light
from bdnet.data.streets.parameters import StreetParameters
from bdnet.data.streets.plots import Roadside
from bdnet.data.streets.props import far_to_near, floor, upright
from bdnet.data.streets.rasteriser import Surface
from bdnet.data.streets.street import KERB, Drive, Street
from bdnet.data.streets.textures import Detail, Texture, to_bytes

PERIOD = 8.0  # metres after which road and pavement repeat
STREET_AHEAD = 100.0  # metres of street ahead of the last camera
SHADOW_RANGE = 42.0  # metres: shadows farther away are thinner than a pixel
SKYLINE_RANGE = 240.0  # metres to the skyline at most
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
        detail, self._end = Detail(cameras[0].focal, travel), STREET_AHEAD + travel
        self._road = Texture(asphalt(random, 2 * KERB, PERIOD, 26 * finer))
        pavements = paving(random, GROUND - KERB, 2 * KERB, PERIOD, 20 * finer)
        self._pavements = Texture(pavements)
        plants = trees(random, 5, 24 * finer, light)
        zebra = travel + float(random.uniform(9, 34))
        self._ground_marks = [*stains(random, self._end), crosswalk(zebra, 26 * finer)]
        self._plots: list[tuple[float, list[Surface]]] = []
        for side in (-1, 1):
            roadside = Roadside(random, side, detail, light, plants=plants, road=self._road)
            self._plots += roadside.plots(self._end)
            self._ground_marks = roadside.roads + self._ground_marks + roadside.shadows
        self._plots.sort(key=lambda plot: -plot[0])
        street = Street(random, detail, light, plants, Drive(len(cameras), pace, travel))
        populate(street, self._end, zebra, parameters.density)
        self._props = street.props
        self._skyline = skyline(random, 4 * finer, light, plants)

    def surfaces(self, frame: int, camera: Camera) -> list[Surface]:
        """Return all surfaces of a frame in front of the sky, far ones first."""
        eye, _, z = camera.position
        horizon = min(self._end, z + SKYLINE_RANGE)
        marks = [mark for mark in self._ground_marks if mark.frame[2, 2] - z < SHADOW_RANGE]
        skyline = [surface.moved(0, horizon) for surface in self._skyline]
        visible = self._ground(z) + marks + skyline
        props = [
            prop for prop in self._props if -6.0 < prop.position_at(frame)[1] - z < horizon - z
        ]
        for prop in props:
            if prop.position_at(frame)[1] - z < SHADOW_RANGE:
                visible += prop.shadow_at(frame)
        for start, surfaces in self._plots:
            if start < horizon and start > z - 40:
                visible += surfaces
        for prop in far_to_near(props, frame, (eye, z)):
            visible += prop.surfaces(frame)
        return visible

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


def populate(street: Street, end: float, zebra: float, density: float) -> None:
    """Furnish and populate a street of `end` metres with a crosswalk at `zebra`."""
    travel = street.drive.travel
    kerbside.add_furniture(street, end)
    vehicles.add_parked_vehicles(street, travel + 60, density)
    vehicles.add_moving_vehicles(street, travel + 75, density)
    people.add_cyclists(street, travel + 45, density)
    people.add_crossing_pedestrians(street, zebra, density)
    people.add_walking_pedestrians(street, travel + 55, density)


def skyline(
    random: np.random.Generator, scale: float, light: Light, plants: list[Plant]
) -> list[Surface]:
    """Return the houses and trees that close the view, at z = 0."""
    surfaces = []
    x = -75.0
    while x < 75:
        design = house(random, int(random.integers(2, 6)))
        width = float(random.uniform(9, 16))
        picture = front(random, design, width, scale) * np.float32(light.brightness(0))
        surfaces.append(
            upright(
                Texture(to_bytes(picture)),
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
