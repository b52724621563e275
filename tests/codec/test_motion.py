"""Rasterisation against a slow literal version of what it promises."""

from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bdnet.codec.motion import CELL, rasterise

SPLITS = {  # of one macroblock: (left, top, width, height) of each block
    "whole": [(0, 0, 16, 16)],
    "rows": [(0, 0, 16, 8), (0, 8, 16, 8)],
    "columns": [(0, 0, 8, 16), (8, 0, 8, 16)],
    "quarters": [(0, 0, 8, 8), (8, 0, 8, 8), (0, 8, 8, 8), (8, 8, 8, 8)],
    "intra": [],
}


@pytest.fixture(scope="module")
def record_type(make_video) -> np.dtype[Any]:
    """The layout of libavcodec's records, taken from a real one."""
    with av.open(str(make_video(frames=2))) as container:
        container.streams.video[0].codec_context.options = {"flags2": "+export_mvs"}
        *_, last = container.decode(video=0)
        return last.side_data.get("MOTION_VECTORS").to_ndarray().dtype


def random_records(
    rng: np.random.Generator, layout: np.dtype[Any], height: int, width: int
) -> NDArray[Any]:
    """Every macroblock split at random, past and future records in random order."""
    rows = []
    scale = int(rng.choice([1, 2, 4]))
    for top in range(0, height, 16):
        for left in range(0, width, 16):
            for x, y, w, h in SPLITS[str(rng.choice(list(SPLITS)))]:
                centre = left + x + w // 2, top + y + h // 2
                for source in ((-1,), (1,), (-1, 1))[rng.integers(3)]:
                    motion = rng.integers(-300, 300, 2)
                    rows.append((source, w, h, *centre, *motion, scale))
    for _ in range(3):  # of a damaged stream: wholly or partly outside the coded picture
        rows.append((-1, 16, 16, -8, 8, 5, 5, scale))
        rows.append((-1, 16, 16, width + 64, 8, 5, 5, scale))
        rows.append((-1, 8, 16, 4, -4, 5, 5, scale))
        rows.append((-1, 8, 16, 4, 16 * -(-height // 16), 5, 5, scale))  # half of it is inside
    records = np.zeros(len(rows), layout)
    names = ["source", "w", "h", "dst_x", "dst_y", "motion_x", "motion_y", "motion_scale"]
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        records[name] = column
    rng.shuffle(records)
    return records


def rasterise_literally(
    records: NDArray[Any], height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rows, columns = -(-height // 16) * 2, -(-width // 16) * 2
    motion, valid = np.zeros((2, rows, columns), np.float32), np.zeros((rows, columns), np.bool_)
    for record in records:
        if record["source"] > 0:
            continue
        left = (int(record["dst_x"]) - int(record["w"]) // 2) // CELL
        top = (int(record["dst_y"]) - int(record["h"]) // 2) // CELL
        right, bottom = left + int(record["w"]) // CELL, top + int(record["h"]) // CELL
        if left < 0 or top < 0 or right > columns or bottom > rows:
            continue
        for axis, name in enumerate(("motion_x", "motion_y")):
            motion[axis, top:bottom, left:right] = record[name] / record["motion_scale"]
        valid[top:bottom, left:right] = True
    shown = slice(-(-height // CELL)), slice(-(-width // CELL))
    return motion[:, *shown], valid[shown]


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 70), width=st.integers(1, 90), seed=st.integers(0, 2**32 - 1))
def test_rasterise_equals_a_loop_over_blocks(record_type, height, width, seed) -> None:
    records = random_records(np.random.default_rng(seed), record_type, height, width)
    motion, valid = rasterise(records, height, width)
    wanted_motion, wanted_valid = rasterise_literally(records, height, width)
    assert motion.dtype == np.float32
    assert valid.dtype == np.bool_
    assert valid.shape == (-(-height // 8), -(-width // 8))
    np.testing.assert_array_equal(valid, wanted_valid)
    np.testing.assert_array_equal(motion, wanted_motion)


def test_rasterise_without_records_is_all_holes(record_type) -> None:
    motion, valid = rasterise(np.zeros(0, record_type), 17, 33)
    assert motion.shape == (2, 3, 5)
    assert not motion.any()
    assert not valid.any()
