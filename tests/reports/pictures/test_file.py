"""Picture files."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from bdnet.reports.pictures.file import UnwritablePicture, save


def test_colours_and_numbers_are_read_back(tmp_path: Path):
    picture = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    save(picture, tmp_path / "new/colours.png")
    save(picture[:, :, 0], tmp_path / "numbers.png")
    assert np.array_equal(cv2.imread(str(tmp_path / "new/colours.png"))[:, :, ::-1], picture)
    numbers = cv2.imread(str(tmp_path / "numbers.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(numbers, picture[:, :, 0])
    assert {path.name for path in tmp_path.rglob("*")} == {"new", "colours.png", "numbers.png"}


def test_what_cannot_be_written_is_a_sentence_and_leaves_nothing(tmp_path: Path):
    picture = np.zeros((2, 2, 3), np.uint8)
    for path in (tmp_path / "picture.doc", tmp_path / "picture"):
        with pytest.raises(UnwritablePicture, match="OpenCV cannot write this kind of file"):
            save(picture, path)
    (tmp_path / "file").touch()
    with pytest.raises(UnwritablePicture, match=r"file/picture\.png: cannot be written \("):
        save(picture, tmp_path / "file/picture.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
