"""Label images give class numbers, whatever kind of image holds them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.labels import read_label
from trees import CLASSES, label, write

PALETTE = [value for number in range(256) for value in (255 - number, number, 7)]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette_is_read_as_numbers(tmp_path: Path, bits: int):
    image = Image.fromarray(label())
    image.putpalette(PALETTE)
    image.save(tmp_path / "a.png", bits=bits)
    assert np.array_equal(read_label(tmp_path / "a.png", CLASSES), label())


def test_grey_of_one_bit_is_read_as_numbers(tmp_path: Path):
    Image.fromarray(label() > 0).save(tmp_path / "a.png")
    assert np.array_equal(read_label(tmp_path / "a.png", CLASSES), label())


def test_stored_values_become_class_numbers(tmp_path: Path):
    yaml = tmp_path / "classes.yaml"
    yaml.write_text("names: [wall, floor]\nstored: [[1, 7], 2]\nignore: 0\n")
    path = write(tmp_path / "a.png", np.array([[0, 1, 2, 7, 255]], np.uint8))
    assert read_label(path, Classes.read(yaml)).tolist() == [[255, 0, 1, 0, 255]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("names: wall", "names is 'wall', not a list"),
        ("colours: [[1, 2, 3]]", "names is None, not a list"),
        ("names: [a, b]\nstored: [1]", "2 names and 1 stored values"),
        ("names: [a, b]\nstored: [1, 1]", "two classes have the same value"),
        ("names: [a, b]\nstored: [1, 300]", "value 300 in a label image"),
        ("names: [a, b]\ncolour: 3", r"unknown keys \['colour'\]"),
        ("names: [a, b]\ncolours: [[1, 2], [3, 4]]", "not enough values"),
        ("names: [a", "expected"),
    ],
)
def test_wrong_classes_are_refused(tmp_path: Path, content: str, said: str):
    yaml = tmp_path / "classes.yaml"
    yaml.write_text(content)
    with pytest.raises(BadData, match=f"(?s)classes.yaml: .*{said}.*look like\nnames: "):
        Classes.read(yaml)


def test_damaged_labels_are_refused(tmp_path: Path):
    image = Image.fromarray(label())
    image.putpalette(PALETTE)
    image.save(tmp_path / "whole.png")
    torn = tmp_path / "torn.png"
    torn.write_bytes((tmp_path / "whole.png").read_bytes()[:-40])
    for path in (torn, tmp_path / "absent.png", write(tmp_path / "a.png", label()).with_name("b")):
        with pytest.raises(BadData, match=f"{path}: missing, or not an image"):
            read_label(path, CLASSES)
    strange = write(tmp_path / "strange.png", label() + 3)
    with pytest.raises(BadData, match=r"strange.png: unknown label values \[3, 4\]"):
        read_label(strange, CLASSES)
    colours = write(tmp_path / "colours.png", np.dstack([label()] * 3))
    with pytest.raises(BadData, match=r"colours.png: uint8 \[48, 64, 3\] is no label image"):
        read_label(colours, CLASSES)
