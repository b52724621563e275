"""A film of a network on every frame beside itself accelerated."""

from pathlib import Path

import numpy as np

from bdnet.codec import VideoWriter
from bdnet.codec.pixels import Image
from bdnet.data.classes import Classes
from bdnet.inference.outputs import ENCODING, viewing_rate
from bdnet.reports.pictures.lettering import captioned, legend, line_height
from bdnet.reports.pictures.overlay import overlay
from bdnet.reports.pictures.panel import beside, stacked
from bdnet.types import Segmentation


class SideBySide(VideoWriter):
    """The labels of both over every frame, and how often the network has run until then."""

    def __init__(self, path: Path, fps: float) -> None:
        super().__init__(path, viewing_rate(fps), ENCODING)
        self._calls = [0, 0]

    def add(self, own: Segmentation, fast: Segmentation, classes: Classes) -> None:
        """Appends a frame: the labels of the network, and those of the accelerated one."""
        image = own.frame.image
        assert image is not None
        tiles = []
        for side, (name, frame) in enumerate({"every frame": own, "accelerated": fast}.items()):
            self._calls[side] += frame.is_key
            tile = overlay(image, frame.labels, classes, frame.is_key, frame.offset, False)
            words = f"{name}: the network has run {self._calls[side]} times"
            tiles.append(captioned(tile, words))
        pair = beside(tiles)
        line = line_height(tiles[0].shape[1])
        self.write(_even(stacked([pair, legend(classes, pair.shape[1], line)])))


def _even(picture: Image) -> Image:
    """With one more row or column where their number is odd: most players want even sizes."""
    odd = [(0, side % 2) for side in picture.shape[:2]]
    return np.pad(picture, (*odd, (0, 0)), mode="edge")
