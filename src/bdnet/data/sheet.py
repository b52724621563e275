"""Pictures of a data set: keyframe, target, labels and motion, side by side."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.clip import CELL, Clip
from bdnet.codec import accumulate
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData

Image = NDArray[np.uint8]
LEGEND = 18  # pixels, height of a line of the legend


def paint_motion(motion: NDArray[np.float32], valid: NDArray[np.bool_], image: Image) -> Image:
    """An image [H, W, 3] under arrows [2, h, w] to where its content came from; holes are red."""
    height, width = image.shape[:2]
    canvas = np.ascontiguousarray(image // 2 + 64)
    holes = np.kron(~valid, np.ones((CELL, CELL), np.bool_))[:height, :width]
    canvas[holes] = canvas[holes] // 2 + np.array([110, 20, 20], np.uint8)
    step = max(1, round(width / CELL / 32))  # at most some 32 arrows in a row
    for i in range(step // 2, motion.shape[1], step):
        for j in range(step // 2, motion.shape[2], step):
            if valid[i, j]:
                start = np.array([CELL * j + CELL // 2, CELL * i + CELL // 2])
                end = np.round(start + motion[:, i, j]).astype(int)
                cv2.arrowedLine(canvas, start.tolist(), end.tolist(), (20, 60, 20), 1, cv2.LINE_AA)
    return canvas


def paint_labels(labels: NDArray[np.int64], classes: Classes) -> Image:
    """Class colours [H, W, 3] of class numbers [H, W]."""
    return np.asarray(classes.palette()[labels], np.uint8)


def row(clip: Clip, classes: Classes) -> Image:
    """keyframe | target | labels | motion from the target back to the keyframe."""
    keyframe, target = (image.permute(1, 2, 0).numpy() for image in clip.images[[0, -1]])
    motion, valid = accumulate(clip.motion, clip.valid)
    labels = paint_labels(clip.labels.numpy(), classes)
    arrows = paint_motion(motion.numpy(), valid.numpy(), target)
    return np.concatenate([keyframe, target, labels, arrows], 1)


def legend(classes: Classes, width: int) -> Image:
    """Names on their colours, in as many lines as it takes."""
    cell = 92
    columns = max(1, width // cell)
    lines = -(-len(classes) // columns)
    canvas = np.full((lines * LEGEND, width, 3), 255, np.uint8)
    for number, (name, colour) in enumerate(zip(classes.names, classes.colours, strict=True)):
        x, y = number % columns * cell, number // columns * LEGEND
        canvas[y : y + LEGEND, x : x + cell] = colour
        ink = (0, 0, 0) if sum(colour) > 380 else (255, 255, 255)
        place = (x + 4, y + LEGEND - 6)
        cv2.putText(canvas, name[:14], place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, ink, 1, cv2.LINE_AA)
    return canvas


def contact_sheet(clips: list[Clip], classes: Classes, path: Path) -> None:
    """Writes one row per clip, and the legend, as a PNG."""
    rows = [row(clip, classes) for clip in clips]
    width = max(each.shape[1] for each in rows)
    rows = [np.pad(each, ((0, 4), (0, width - each.shape[1]), (0, 0))) for each in rows]
    sheet = np.concatenate([*rows, legend(classes, width)])
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), sheet[:, :, ::-1]):
        raise BadData(f"{path}: cannot be written; check the folder and the ending (.png)")
