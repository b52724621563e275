"""Arrays as pictures: motion, classes, errors, probabilities."""

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.codec.pixels import Image
from bdnet.data.classes import Classes
from bdnet.types import CELL, IGNORE

Labels = NDArray[np.integer]

SPACING = 14  # pixels between arrows
ARROW = 10, 50, 15
HOLE = np.array([110, 20, 20], np.uint8)  # added to half of the picture
WRONG = np.array([235, 40, 40], np.uint8)
VOID = np.array([96, 96, 96], np.uint8)


def paint_motion(
    motion: NDArray[np.float32], valid: NDArray[np.bool_], image: Image, scale: float = 1.0
) -> Image:
    """An image [H, W, 3] under arrows along motion [2, h, w]; cells without a vector are red.

    scale: the size of the image relative to the frame that the motion is of
    """
    height, width = image.shape[:2]
    canvas = np.ascontiguousarray(image // 2 + 64)
    rows, columns = ((np.arange(size) / scale).astype(int) // CELL for size in (height, width))
    holes = ~valid[rows][:, columns]
    canvas[holes] = canvas[holes] // 2 + HOLE
    step = max(1, round(SPACING / (scale * CELL)))
    for i in range(step // 2, motion.shape[1], step):
        for j in range(step // 2, motion.shape[2], step):
            if valid[i, j]:
                start = np.array([CELL * j + CELL // 2, CELL * i + CELL // 2])
                end = start + motion[:, i, j]
                tail, tip = (scale * np.stack([start, end])).round().astype(int).tolist()
                cv2.arrowedLine(canvas, tail, tip, ARROW, 1, cv2.LINE_AA, tipLength=0.25)
    return canvas


def paint_labels(labels: Labels, classes: Classes) -> Image:
    """Class colours [H, W, 3] of class numbers [H, W]."""
    return np.asarray(classes.palette()[labels], np.uint8)


def paint_errors(prediction: Labels, labels: Labels, image: Image) -> Image:
    """An image [H, W, 3], dim where the prediction is right, red where wrong, grey where void."""
    canvas = image // 3
    wrong = (prediction != labels) & (labels != IGNORE)
    canvas[wrong] = canvas[wrong] // 2 + WRONG // 8 * 7
    canvas[labels == IGNORE] = VOID
    return canvas


def paint_probability(probability: NDArray[np.float32]) -> Image:
    """Numbers of 0..1 [H, W] from black over red to bright yellow."""
    grey = (255 * np.clip(probability, 0, 1)).astype(np.uint8)
    return cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO)[:, :, ::-1].astype(np.uint8)
