"""A small data set of the package's own world, made once."""

import pytest

from bdnet.codec import Encoding
from bdnet.data.streets import StreetParameters
from bdnet.data.streets.dataset import Streets


@pytest.fixture(scope="session")
def small_streets(tmp_path_factory: pytest.TempPathFactory) -> Streets:
    """Three drives of 8 frames at 64x96, already rendered. Never change its files."""
    streets = Streets(
        root=tmp_path_factory.mktemp("streets"),
        clips={"train": 3, "val": 2, "test": 1},
        parameters=StreetParameters(height=64, width=96, length=8),
        encoding=Encoding(interval=8, crf=18),
        processes=1,
    )
    streets.prepare()
    return streets
