"""Label images give class numbers, whatever kind of image holds them."""

import random
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bdnet.data.base import labelled_frames
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
    ("content", "message"),
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
def test_wrong_classes_are_refused(tmp_path: Path, content: str, message: str):
    yaml = tmp_path / "classes.yaml"
    yaml.write_text(content)
    with pytest.raises(BadData, match=f"(?s)classes.yaml: .*{message}.*look like\nnames: "):
        Classes.read(yaml)


def test_damaged_labels_are_refused(tmp_path: Path):
    image = Image.fromarray(label())
    image.putpalette(PALETTE)
    image.save(tmp_path / "whole.png")
    torn = tmp_path / "torn.png"
    torn.write_bytes((tmp_path / "whole.png").read_bytes()[:-40])
    for path in (torn, tmp_path / "absent.png", write(tmp_path / "a.png", label()).with_name("b")):
        with pytest.raises(BadData, match=f"{path}: missing"):
            read_label(path, CLASSES)
    strange = write(tmp_path / "strange.png", label() + 3)
    with pytest.raises(BadData, match=r"strange.png: .*\[3, 4\]"):
        read_label(strange, CLASSES)
    colours = write(tmp_path / "colours.png", np.dstack([label()] * 3))
    with pytest.raises(BadData, match=r"colours.png: uint8 \[48, 64, 3\]"):
        read_label(colours, CLASSES)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_image_gives_class_numbers_or_a_sentence(data: st.DataObject):
    """Grey, palette, few bits, colours, 16 bits: of any size and any values."""
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    kind = data.draw(st.sampled_from(["grey", "palette", "bits", "colours", "deep"]))
    most = data.draw(st.sampled_from([1, 2, 3, 255]))
    seed = data.draw(st.integers(0, 2**32 - 1))
    stored = np.random.default_rng(seed).integers(0, most, (height, width), np.uint8, endpoint=True)
    if kind == "bits":
        stored = np.minimum(stored, 1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.png"
        if kind == "deep":
            assert cv2.imwrite(str(path), stored.astype(np.uint16))
        else:
            image = Image.fromarray(stored > 0 if kind == "bits" else stored)
            if kind == "palette":
                image.putpalette(PALETTE)
            (image.convert("RGB") if kind == "colours" else image).save(path)
        is_label = kind not in ("colours", "deep") and set(np.unique(stored)) <= {0, 1, 255}
        if is_label:
            assert np.array_equal(read_label(path, CLASSES), stored)
        else:
            with pytest.raises(BadData, match=r"a\.png: "):
                read_label(path, CLASSES)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Bytes overwritten, in the header more often than not, or cut off."""
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 2, 8))):
        damaged[rng.randrange(rng.choice((60, len(damaged))))] = rng.randrange(256)
    return bytes(damaged[: rng.randrange(len(damaged))] if rng.random() < 0.2 else damaged)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_mutated_image_gives_class_numbers_or_a_sentence(data: st.DataObject):
    rng = random.Random(data.draw(st.integers(0, 2**32 - 1)))
    image = Image.fromarray(label())
    if data.draw(st.booleans()):
        image.putpalette(PALETTE)
    content = BytesIO()
    image.save(content, data.draw(st.sampled_from(["png", "bmp", "tiff"])))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.png"
        path.write_bytes(mutate(content.getvalue(), rng))
        try:
            labels = read_label(path, CLASSES)
        except BadData:
            return
        assert labels.ndim == 2
        assert set(np.unique(labels)) <= {0, 1, 255}


def test_two_labels_of_one_frame_and_names_that_are_no_numbers_are_refused(tmp_path: Path):
    for name in ("000010.png", "11.png"):
        (tmp_path / name).touch()
    assert list(labelled_frames(tmp_path)) == [10, 11]
    (tmp_path / "10.png").touch()
    with pytest.raises(BadData, match=r"10\.png and 000010\.png|000010\.png and 10\.png"):
        labelled_frames(tmp_path)
    (tmp_path / "10.png").rename(tmp_path / "²³.png")
    with pytest.raises(BadData, match="²³"):
        labelled_frames(tmp_path)


@pytest.mark.parametrize(
    "colours", ["[[300, 0, 0]]", "[[-1, 0, 0]]", "[[0, 0]]", "[[x, 0, 0]]", "[[.inf, 0, 0]]", "5"]
)
def test_colours_are_bytes(tmp_path: Path, colours: str):
    (tmp_path / "classes.yaml").write_text(f"names: [road]\ncolours: {colours}\n")
    with pytest.raises(BadData, match=r"classes\.yaml"):
        Classes.read(tmp_path / "classes.yaml")
