"""Images and labels are paired by name; what does not fit is named."""

from pathlib import Path

import numpy as np
import pytest

from bdnet.data.errors import BadData
from bdnet.data.image_pairs import PairFolders, check_pairs, find_pairs, hold_out
from trees import CLASSES, label, picture, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for index, name in enumerate("abcde"):
        write(tmp_path / f"images/{name}.png", picture(index))
        write(tmp_path / f"labels/{name}.png", label(index))
    return tmp_path


def names(root: Path, listed: str | None = None) -> list[str]:
    path = root / "list.txt" if listed is not None else None
    if path is not None:
        path.write_text(listed)
    return [pair.name for pair in find_pairs(root / "images", root / "labels", path)]


def test_pairs_are_read_as_rgb_and_class_numbers(root: Path):
    pairs = find_pairs(root / "images", root / "labels")
    assert [pair.name for pair in pairs] == [*"abcde"]
    image, labels = pairs[1].read(CLASSES)
    assert np.array_equal(image, picture(1))
    assert np.array_equal(labels, label(1))


def test_a_list_chooses_names_with_or_without_folder_and_ending(root: Path):
    assert names(root, "d\n\nimages/a.jpg labels/a.png\n") == ["a", "d"]
    (root / "labels/e.png").unlink()  # not listed, not missed
    assert names(root, "b\n") == ["b"]
    for content, message in (
        ("a\nz\n", "1 of 2 images .*: z; .*list.txt"),
        ("e\n", "1 of 1 labels .*: e"),
        ("\n", "lists no image"),
    ):
        with pytest.raises(BadData, match=message):
            names(root, content)


def test_a_share_is_held_out_and_hardly_changes_when_pairs_come(root: Path):
    pairs = find_pairs(root / "images", root / "labels")
    rest, held = hold_out(pairs, 0.4, seed=0)
    assert (len(rest), len(held)) == (3, 2)
    assert sorted(rest + held) == pairs
    _, fewer = hold_out([pair for pair in pairs if pair not in held[:1]], 0.25, seed=0)
    assert set(held[1:]) <= set(fewer)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda root: (root / "labels/a.png").unlink(),
         "labels: 1 of 5 .*: a; .*/images"),
        (lambda root: (root / "images/b.png").unlink(),
         "images: 1 of 5 .*: b; .*/labels"),
        (lambda root: write(root / "labels/a.png", label(0, 24, 32)),
         "labels/a.png is 24x32 .*images/a.png is 48x64"),
        (lambda root: write(root / "labels/c.png", label() + 7),
         r"c.png: .*\[7, 8\]"),
        (lambda root: (root / "images/c.png").write_bytes(b"no image"),
         "c.png: not an image"),
        (lambda root: write(root / "images/c.jpg", picture()), "c.png and .*c.jpg"),
        (lambda root: (root / "images").rename(root / "moved"), "images is missing"),
        (lambda root: [path.unlink() for path in (root / "images").iterdir()],
         r"images holds no image \(.*.jpg"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(root: Path, harm, message: str):
    harm(root)
    with pytest.raises(BadData, match=message):
        check_pairs(find_pairs(root / "images", root / "labels"), CLASSES)


def test_folders_name_the_same_splits(root: Path):
    folders = PairFolders(root, {"train": "images", "val": None}, {"train": "labels"}, {})
    assert folders.splits == ["train"]
    assert len(folders.pairs("train")) == 5
    for wrong in (
        ({"train": "images", "val": "images"}, {"train": "labels"}, {}),
        ({"train": "images"}, {"train": "labels"}, {"val": "x"}),
        ({"train": None}, {"train": None}, {}),
        ({"train": "images", "other": "x"}, {"train": "labels", "other": "x"}, {}),
    ):
        with pytest.raises(BadData, match=r"images=.*labels=.*lists="):
            PairFolders(root, *wrong)
