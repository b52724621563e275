"""Real frames to check graphs on: a given video, one of the run's data, or a rendered drive."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig

from bdnet.codec import Encoding, VideoReader, VideoWriter
from bdnet.data.streets.parameters import StreetParameters
from bdnet.data.streets.renderer import render
from bdnet.errors import BdnetError
from bdnet.runs.identity import check_trust
from bdnet.types import Size


def size_of(video: str | Path) -> Size:
    with VideoReader(video, strict=False) as reader:
        return reader.height, reader.width


def own_video(data: DictConfig) -> Path | None:
    """The first test video of a run's data; None where its files are not here.

    data: of the run's configuration
    """
    check_trust(data)
    try:
        samples = instantiate(data.dataset, _convert_="all").samples("test")
    except (BdnetError, OSError, InstantiationException):
        return None
    return samples[0].video if samples and samples[0].video.is_file() else None


@contextmanager
def drive(size: Size, frames: int) -> Iterator[Path]:
    """A drive through the rendered streets, as a file for a while."""
    height, width = size
    with TemporaryDirectory(prefix="bdnet-export-") as folder:
        path = Path(folder) / "drive.mp4"
        with VideoWriter(path, encoding=Encoding(interval=frames)) as writer:
            for image, _ in render(StreetParameters(height, width, frames), 0):
                writer.write(image)
        yield path
