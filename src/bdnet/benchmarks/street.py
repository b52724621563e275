"""The video that is measured where none is given."""

from pathlib import Path

from tqdm import tqdm

from bdnet.codec import Encoding, VideoWriter
from bdnet.data.streets import StreetParameters, render


def street(cache: Path, height: int, width: int, frames: int, interval: int) -> Path:
    """A clean stream of a drive through streets, rendered once."""
    path = cache / f"streets-{width}x{height}-{frames}-{interval}.mp4"
    if not path.exists():
        parameters = StreetParameters(height, width, frames)
        with VideoWriter(path, encoding=Encoding(interval=interval, crf=23)) as writer:
            drive = tqdm(render(parameters, 0), f"render {path}", frames, unit="frame")
            for image, _ in drive:
                writer.write(image)
    return path
