"""Errors travel out of worker processes whole."""

import pickle

import pytest

from bdnet.codec import CorruptStream, MissingVideo, UnsupportedStream
from bdnet.errors import BdnetError


@pytest.mark.parametrize(
    "error", [CorruptStream("broken", 7), MissingVideo("gone"), UnsupportedStream("odd")]
)
def test_errors_survive_pickling(error) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert isinstance(again, BdnetError)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
