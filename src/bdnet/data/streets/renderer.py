"""From parameters and a seed to the frames of a drive."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np

from bdnet.data.streets.camera import drive
from bdnet.data.streets.light import Sensor, Sky, random_light
from bdnet.data.streets.parameters import StreetParameters
from bdnet.data.streets.rasteriser import Canvas
from bdnet.data.streets.scene import Scene
from bdnet.data.streets.textures import Texels


@contextmanager
def single_thread() -> Iterator[None]:
    """Keep OpenCV on this thread: pictures are small, and many processes render at once."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def render(
    parameters: StreetParameters, seed: int | Sequence[int]
) -> Iterator[tuple[Texels, Texels]]:
    """Yield the image [H,W,3] (RGB) and the label map [H,W] of every frame of one drive."""
    entropy = [seed] if isinstance(seed, int) else list(seed)
    if not entropy or any(part < 0 for part in entropy):
        raise ValueError(f"seed={seed}: give an integer, or a tuple of integers, none below 0")
    way, weather, world, film = (
        np.random.default_rng(child)
        # the length in front, because to numpy (1,) and (1, 0) are one and the same seed
        for child in np.random.SeedSequence([len(entropy), *entropy]).spawn(4)
    )
    with single_thread():
        cameras = drive(parameters, way)
        light = random_light(parameters, weather)
        sky, sensor = Sky(parameters, light, weather), Sensor(parameters, light, film)
        scene = Scene(parameters, cameras, light, world)
        canvas = Canvas(parameters.height, parameters.width)
    for frame, camera in enumerate(cameras):
        with single_thread():
            canvas.clear(sky.view(camera))
            canvas.paint(scene.surfaces(frame, camera), camera.matrix())
            image = sensor.record(canvas.image, canvas.inverse_depth)
        yield image, canvas.label.copy()
