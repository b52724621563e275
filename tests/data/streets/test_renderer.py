"""Whole drives: reproducible, complete, smooth."""

import subprocess
import sys
from hashlib import sha256
from itertools import islice, pairwise

import cv2
import numpy as np
import pytest

from bdnet.data.streets import CLASSES, COLOURS, StreetParameters, render

SMALL = StreetParameters(height=64, width=128, length=4)
PROGRAM = """
from hashlib import sha256
from bdnet.data.streets import StreetParameters, render
digest = sha256()
for image, label in render(StreetParameters(height=64, width=128, length=4), (7, 1)):
    digest.update(image.tobytes() + label.tobytes())
print(digest.hexdigest())
"""


def digest(parameters: StreetParameters, seed: int | tuple[int, ...]) -> str:
    """Return a fingerprint of one drive."""
    total = sha256()
    for image, label in render(parameters, seed):
        total.update(image.tobytes() + label.tobytes())
    return total.hexdigest()


def test_bit_for_bit_the_same_in_processes_side_by_side() -> None:
    command = [sys.executable, "-c", PROGRAM]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    results = [run.communicate(timeout=120)[0].strip() for run in runs]
    assert results == [digest(SMALL, (7, 1))] * 2


def test_two_drives_at_once_do_not_disturb_each_other() -> None:
    alone = [list(render(SMALL, seed)) for seed in (3, 4)]
    together = zip(render(SMALL, 3), render(SMALL, 4), strict=True)
    for frame, pair in enumerate(together):
        for drive, (image, label) in enumerate(pair):
            assert (image == alone[drive][frame][0]).all()
            assert (label == alone[drive][frame][1]).all()


def test_threads_of_opencv_are_left_as_they_were() -> None:
    before = cv2.getNumThreads()
    frames = render(SMALL, 0)
    next(frames)
    assert cv2.getNumThreads() == before
    frames.close()


def test_seeds_differ() -> None:
    seeds: list[int | tuple[int, ...]] = [0, 1, (0, 1), (1, 0)]
    assert len({digest(StreetParameters(64, 128, 1), seed) for seed in seeds}) == len(seeds)


def test_integer_is_a_seed_of_one_part() -> None:
    assert digest(SMALL, 5) == digest(SMALL, (5,))


@pytest.mark.parametrize(("height", "width"), [(100, 180), (33, 47), (72, 36), (192, 384)])
def test_any_size(height: int, width: int) -> None:
    parameters = StreetParameters(height=height, width=width, length=2)
    frames = list(render(parameters, 2))
    assert len(frames) == 2
    for image, label in frames:
        assert image.shape == (height, width, 3)
        assert image.dtype == np.uint8
        assert label.shape == (height, width)
        assert label.dtype == np.uint8
        assert label.max() < len(CLASSES)


def test_every_class_occurs_and_no_ground_is_sky() -> None:
    count = np.zeros(len(CLASSES))
    for seed in range(4):
        for _, label in islice(render(StreetParameters(), seed), 0, 30, 10):
            count += np.bincount(label.ravel(), minlength=len(CLASSES))
            assert (label[-20:] != 0).all()
    share = count / count.sum()
    assert (share > 0.001).all(), dict(zip(CLASSES, share.tolist(), strict=True))
    assert len(COLOURS) == len(CLASSES) == 11


def test_empty_street_has_no_traffic() -> None:
    _, label = next(render(StreetParameters(density=0.0), 0))
    assert not np.isin(label, [CLASSES.index(name) for name in ("car", "pedestrian")]).any()


def test_pictures_change_smoothly() -> None:
    frames = list(render(StreetParameters(length=12, noise=0.0), 11))
    for (image, label), (later, label_later) in pairwise(frames):
        change = np.abs(image.astype(float) - later).mean()
        assert 0.5 < change < 25
        assert 0.001 < (label != label_later).mean() < 0.2


def test_standing_still_shows_the_same_street() -> None:
    parameters = StreetParameters(length=3, speed=(0.0, 0.0), density=0.0, noise=0.0)
    (first, _), _, (last, _) = render(parameters, 1)
    moved = np.abs(first.astype(float) - last).mean()
    fast = list(render(StreetParameters(length=3, speed=(2.0, 2.0), density=0.0, noise=0.0), 1))
    assert moved < np.abs(fast[0][0].astype(float) - fast[2][0]).mean()
