"""Label images: the values that a file stores -> class numbers."""

import warnings
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bdnet.data.classes import UNKNOWN, Classes
from bdnet.data.errors import BadData
from bdnet.types import IGNORE

PNG = b"\x89PNG\r\n\x1a\n"
DEPTH, KIND = 24, 25  # bytes of a PNG's header: bits per value; 0 grey, 3 palette


def read_label(path: Path, classes: Classes) -> NDArray[np.uint8]:
    """Class numbers [H, W] of a label image, 255 for no class."""
    stored = _stored(path)
    if stored is None:
        raise BadData(f"{path}: missing, or not an image that OpenCV can read; replace it")
    if stored.ndim != 2 or stored.dtype != np.uint8:
        raise BadData(
            f"{path}: {stored.dtype} {list(stored.shape)} is no label image; write class "
            "numbers as 8-bit grey PNG [H, W]"
        )
    labels = np.asarray(classes.table()[stored], np.uint8)
    if (labels == UNKNOWN).any():
        strange = np.unique(stored[labels == UNKNOWN]).tolist()
        known = f"0..{len(classes) - 1}" if classes.stored is None else "those of its classes.yaml"
        raise BadData(
            f"{path}: unknown label values {strange[:8]}; the {len(classes)} classes are "
            f"{known} and {IGNORE} is no class; correct the image or the classes"
        )
    return labels


def _stored(path: Path) -> NDArray[np.generic] | None:
    """The image's values as they are in the file; None where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    is_png = data.startswith(PNG) and len(data) > KIND
    if is_png and data[KIND] == 3:  # OpenCV would give the palette's colours
        return _palette_indices(path)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    except cv2.error:  # a damaged header that promises an absurd size
        return None
    if image is not None and is_png and data[KIND] == 0 and data[DEPTH] < 8:
        image = image // (255 // (2 ** data[DEPTH] - 1))  # OpenCV spreads few bits over 0..255
    return image


def _palette_indices(path: Path) -> NDArray[np.uint8] | None:
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")  # of sizes and metadata that do not matter here
            return np.asarray(image, np.uint8)
    # Pillow's words for a damaged file
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
