"""The largest pictures that are decoded, since a small file may hold huge ones."""

import os
from pathlib import Path

import PIL.Image

from bdnet.codec.errors import UnsupportedStream

KEY = "BDNET_MAX_PIXELS"  # of the environment, which worker processes share
PIXELS = 40_000_000  # 8K is 33 million


def most_pixels() -> int:
    value = os.environ.get(KEY, str(PIXELS))
    if not (value.isascii() and value.isdigit()):
        raise UnsupportedStream(f"{KEY}={value}: a whole number of pixels, such as {PIXELS}")
    return int(value)


def check_size(path: object, height: int, width: int) -> None:
    """Refuses a picture larger than the limit, by its header."""
    if height * width > most_pixels():
        raise UnsupportedStream(
            f"{path}: pictures of {height}x{width} (height x width), more than {most_pixels()} "
            f"pixels; if you trust the file, allow more: max_pixels=N in commands on videos, or "
            f"{KEY} in the environment"
        )


def check_image(path: Path) -> None:
    """Refuses an image file that is no file, or larger than the limit; others can be damaged."""
    if path.exists() and not path.is_file():
        raise UnsupportedStream(f"{path}: no file; replace it")
    try:
        with PIL.Image.open(path) as image:
            width, height = image.size
    except Exception:  # a damaged file may be an error of any kind to Pillow
        return
    check_size(path, height, width)
