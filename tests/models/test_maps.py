"""What travels from a keyframe keeps its names, one after the other or not."""

import pytest
import torch

from bdnet.models.maps import Maps


@pytest.mark.parametrize(("boundary", "head"), [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1)])
def test_names_survive_a_flat_tuple(boundary: int, head: int):
    feature, *others = torch.arange(1 + boundary + head)
    maps = Maps(feature, tuple(others[:boundary]), tuple(others[boundary:]))
    assert [int(tensor) for tensor in maps.flat()] == list(range(1 + boundary + head))
    assert Maps.from_flat(maps.flat(), head) == maps
