"""Label images: the values that a file stores -> class numbers."""

import re
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bdnet.codec.errors import UnsupportedStream
from bdnet.codec.limits import check_image
from bdnet.data.classes import UNKNOWN, Classes
from bdnet.data.errors import BadData
from bdnet.types import IGNORE


def read_label(path: Path, classes: Classes) -> NDArray[np.uint8]:
    """Class numbers [H, W] of a label image, 255 for no class."""
    try:
        check_image(path)
    except UnsupportedStream as error:
        raise BadData(str(error)) from error
    stored = _stored(path)
    if stored is None:
        raise BadData(f"{path}: missing, or not an image that can be read; replace it")
    if stored.ndim != 2 or stored.dtype != np.uint8:
        raise BadData(
            f"{path}: {stored.dtype} {list(stored.shape)} is no label image; write class "
            "numbers as 8-bit grey PNG [H, W]"
        )
    labels = np.asarray(classes.table()[stored], np.uint8)
    if (labels == UNKNOWN).any():
        unknown = np.unique(stored[labels == UNKNOWN]).tolist()
        known = f"0..{len(classes) - 1}" if classes.stored is None else "those of its classes.yaml"
        raise BadData(
            f"{path}: unknown label values {unknown[:8]}; the {len(classes)} classes are "
            f"{known} and {IGNORE} is no class; correct the image or the classes"
        )
    return labels


def _stored(path: Path) -> NDArray[np.generic] | None:
    """The image's values as they are in the file; None where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes and metadata that do not matter here
            with Image.open(path) as image:
                few_bits = re.fullmatch("L;([24])", str(image.tile[0][3]))
                values = np.asarray(image)
    except Exception:  # a damaged file may be an error of any kind to Pillow
        return None
    if few_bits:  # Pillow spreads them over 0..255
        values = values // (255 // (2 ** int(few_bits[1]) - 1))
    return values.astype(np.uint8) if values.dtype == np.bool_ else values
