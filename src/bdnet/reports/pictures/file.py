"""Pictures as files."""

from pathlib import Path

import cv2

from bdnet.codec.pixels import Image
from bdnet.errors import BdnetError
from bdnet.system.files import replace_file


class UnwritablePicture(BdnetError, OSError):
    """A picture that cannot be written where it was asked for."""


def save(image: Image, path: Path) -> None:
    """Writes RGB [H, W, 3] or numbers [H, W]; the file appears under its name when complete."""
    try:
        _, encoded = cv2.imencode(path.suffix, image[:, :, ::-1] if image.ndim == 3 else image)
        replace_file(path, encoded.tobytes())
    except (cv2.error, OSError) as error:
        reason = getattr(error, "strerror", None) or "OpenCV cannot write this kind of file"
        raise UnwritablePicture(
            f"{path}: cannot be written ({reason}); check the folder and the ending (.png)"
        ) from error
