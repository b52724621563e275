"""Clip: shapes that do not fit are refused with the shapes."""

import pickle

import pytest
import torch
from torch.utils.data import default_collate

from bdnet.types import Clip


def clip(height: int = 30, width: int = 44, steps: int = 4) -> Clip:
    grid = -(-height // 8), -(-width // 8)
    return Clip(
        torch.zeros(2, 3, height, width, dtype=torch.uint8),
        torch.zeros(steps, 2, *grid),
        torch.ones(steps, *grid, dtype=torch.bool),
        torch.zeros(height, width, dtype=torch.long),
        torch.tensor(steps),
    )


def test_a_batch_is_a_clip_with_one_more_axis():
    batch = default_collate([clip().checked(), clip().checked()])
    assert isinstance(batch, Clip)
    assert batch.images.shape == (2, 2, 3, 30, 44)
    assert batch.motion.shape == (2, 4, 2, 4, 6)
    assert batch.offset.tolist() == [4, 4]
    assert isinstance(pickle.loads(pickle.dumps(batch)), Clip)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"motion": torch.zeros(4, 2, 3, 6)}, r"motion is \[4, 2, 3, 6\].*expected \[4, 2, 4, 6\]"),
        ({"valid": torch.ones(3, 4, 6)}, r"valid is \[3, 4, 6\].*expected \[4, 4, 6\]"),
        ({"labels": torch.zeros(30, 43)}, r"labels is \[30, 43\].*expected \[30, 44\]"),
        ({"images": torch.zeros(1, 3, 30, 44)}, "a keyframe and a target at least"),
        ({"offset": torch.tensor(5)}, r"offset 5 is not in 0\.\.4"),
        ({"offset": torch.tensor([1])}, r"offset is \[1\]"),
    ],
)
def test_shapes_that_do_not_fit_are_quoted(change: dict, message: str):
    with pytest.raises(ValueError, match=message):
        clip()._replace(**change).checked()
