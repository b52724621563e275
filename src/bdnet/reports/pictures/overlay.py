"""Frames of a video under the colours of their predicted classes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.codec.pixels import Image
from bdnet.data.classes import Classes, Colour
from bdnet.reports.pictures.lettering import DARK, LIGHT, legend, line_height, paste, plate
from bdnet.types import IGNORE

KEY: Colour = (255, 190, 0)
OPACITY = 0.55  # of the colours
NARROW = 800  # pixels; narrower frames are enlarged to about this width
TALL = 2048  # but not beyond this height


def overlay(
    image: Image,
    labels: NDArray[np.uint8],
    classes: Classes,
    is_key: bool,
    offset: int,
    has_legend: bool = True,
) -> Image:
    """A frame [H, W, 3] under the colours of its labels [H, W], with even height and width.

    Keyframes have a bright border and KEY in the corner; others P and their distance from it.
    Small frames are enlarged by a whole number.
    """
    image, labels = _enlarged(image, labels)
    height, width = labels.shape
    even = width + width % 2
    strip = (
        legend(classes, even, line_height(width))
        if has_legend
        else np.zeros((0, even, 3), np.uint8)
    )
    total = height + len(strip)
    canvas = np.full((total + total % 2, even, 3), DARK, np.uint8)
    canvas[:height, :width] = _blended(image, labels, classes)
    _mark(canvas[:height, :width], is_key, offset)
    paste(canvas, strip, 0, height)
    return canvas


def _enlarged(image: Image, labels: NDArray[np.uint8]) -> tuple[Image, NDArray[np.uint8]]:
    factor = min(round(NARROW / image.shape[1]), TALL // image.shape[0])
    if factor < 2:
        return image, labels
    size = factor * image.shape[1], factor * image.shape[0]  # as OpenCV has it
    image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
    labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)
    return image, labels


def _blended(image: Image, labels: NDArray[np.uint8], classes: Classes) -> Image:
    colours = classes.palette()[labels]
    blended = cv2.addWeighted(image, 1 - OPACITY, colours, OPACITY, 0).astype(np.uint8)
    unknown = labels == IGNORE
    blended[unknown] = image[unknown]
    return blended


def _mark(canvas: Image, is_key: bool, offset: int) -> None:
    height, width = canvas.shape[:2]
    if is_key:
        cv2.rectangle(canvas, (0, 0), (width - 1, height - 1), KEY, max(3, 2 * (height // 120)))
    words, ink, ground = ("KEY", DARK, KEY) if is_key else (f"P +{offset}", LIGHT, DARK)
    paste(canvas, plate(words, line_height(width), ink, ground), 0, 0)
