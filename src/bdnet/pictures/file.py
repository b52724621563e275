"""Pictures as files."""

import os
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bdnet.errors import BdnetError

Image = NDArray[np.uint8]


class UnwritablePicture(BdnetError, OSError):
    """A picture that cannot be written where it was asked for."""


def save(image: Image, path: Path) -> None:
    """Writes RGB [H, W, 3] or numbers [H, W]; the file appears under its name when complete."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _, encoded = cv2.imencode(path.suffix, image[:, :, ::-1] if image.ndim == 3 else image)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(encoded.tobytes())
        partial.replace(path)
    except (cv2.error, OSError) as error:
        reason = getattr(error, "strerror", None) or "OpenCV cannot write this kind of file"
        raise UnwritablePicture(
            f"{path}: cannot be written ({reason}); check the folder and the ending (.png)"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
