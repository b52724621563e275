"""A user's folder of videos and labels."""

import logging
from pathlib import Path

import numpy as np
import pytest

from bdnet.data.base import warn_once
from bdnet.data.datasets.folder import Folder
from bdnet.data.errors import BadData
from trees import CLASSES, batches, label, state, write, write_video

SPLITS = "train: [mon_*]\nval: [tue_0001]\n"


def fill(root: Path, name: str, frames: int = 8) -> None:
    """A video of which frames 4 and 7 are labelled."""
    write_video(root / "videos" / f"{name}.mp4", frames)
    for index in (4, 7):
        write(root / "labels" / name / f"{index:06d}.png", label(index))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    warn_once.cache_clear()
    CLASSES.write(tmp_path / "classes.yaml")
    for name in ("mon_1", "mon_2", "tue_0001"):
        fill(tmp_path, name)
    (tmp_path / "splits.yaml").write_text(SPLITS)
    return tmp_path


def names(dataset: Folder, split: str) -> list[tuple[str, int]]:
    return [(sample.video.stem, sample.target) for sample in dataset.samples(split)]


def test_splits_yaml_chooses_videos(root: Path):
    dataset = Folder(root)
    train = [(name, index) for name in ("mon_1", "mon_2") for index in (4, 7)]
    assert names(dataset, "train") == train
    assert names(dataset, "val") == [("tue_0001", 4), ("tue_0001", 7)]
    (root / "splits.yaml").write_text("train: [mon_1]\nval: [mon_2]\ntest: ['*_0001']\n")
    assert names(dataset, "test") == [("tue_0001", 4), ("tue_0001", 7)]


def test_names_that_look_like_numbers_stay_names(root: Path):
    fill(root, "0010")
    (root / "splits.yaml").write_text("train: [mon_1]\nval: [0010]\n")
    assert names(Folder(root), "val") == [("0010", 4), ("0010", 7)]


def test_each_split_may_have_its_folder(tmp_path: Path):
    CLASSES.write(tmp_path / "classes.yaml")
    fill(tmp_path / "train", "a")
    fill(tmp_path / "val", "a")
    dataset = Folder(tmp_path)
    assert [sample.video.parent.parent.name for sample in dataset.samples("train")] == ["train"] * 2
    assert [sample.video.parent.parent.name for sample in dataset.samples("test")] == ["val"] * 2
    assert len(dataset.samples("predict")) == 16


def test_without_a_test_split_val_is_used_and_said_once(root: Path, caplog):
    dataset = Folder(root)
    with caplog.at_level(logging.WARNING):
        assert dataset.samples("test") == dataset.samples("val") == dataset.samples("test")
    (message,) = caplog.messages
    assert str(root) in message


def test_predict_takes_every_frame_and_needs_no_splits(root: Path):
    (root / "splits.yaml").unlink()
    samples = Folder(root).samples("predict")
    assert [sample.target for sample in samples] == [*range(8)] * 3
    assert {sample.label for sample in samples} == {None}


@pytest.mark.parametrize("split", ["train", "val"])
def test_batches(root: Path, split: str):
    batch = next(batches(Folder(root), split, interval=3))
    assert batch.images.shape == (2, 2, 3, 48, 64)
    assert batch.motion.shape == (2, 2, 2, 6, 8)
    if split == "val":
        assert batch.offset.tolist() == [0, 0]
        assert np.array_equal(batch.labels, [label(4), label(7)])


def test_data_set_is_left_as_it_is(root: Path):
    before = state(root)
    dataset = Folder(root)
    next(batches(dataset, "train", interval=3))
    after = state(root)
    assert after.keys() - before.keys() == {root / ".keyframes.json"}
    assert {path: after[path] for path in before} == before


def splits(text: str):
    return lambda root: (root / "splits.yaml").write_text(text)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda root: (root / "splits.yaml").unlink(),
         r"splits.yaml is missing.*train: \[mon_1, mon_2\]\nval: \[tue_0001\]"),
        (splits("train: [mon_1, wed_*]\nval: [tue_0001]\n"),
         r"splits.yaml: train: wed_\* matches no video"),
        (splits("train: ['../secret/videos/*']\nval: [tue_0001]\n"),
         r"train: \.\./secret/videos/\* matches no video"),
        (splits("train: [/etc/passwd]\nval: [tue_0001]\n"), "train: /etc/passwd matches no video"),
        (splits("train: [mon_1]\n"), "splits.yaml: its keys"),
        (splits("train: mon_1\nval: [mon_2]\n"), "each a list"),
        (splits("train: [mon_1\n"), "splits.yaml: "),
        (splits("train: [mon_*]\nval: [mon_1]\n"), "mon_1 is in train and"),
        (lambda root: write(root / "labels/mon_1/000008.png", label()),
         r"000008.png labels frame 8, .*mon_1.mp4 has frames 0\.\.7"),
        (lambda root: write(root / "labels/wed/000001.png", label()),
         "labels/wed has no video .*videos/wed.mp4"),
        (lambda root: write_video(root / "videos/mon_1.mkv"),
         "mon_1.mp4 and .*mon_1.mkv"),
        (lambda root: write(root / "labels/mon_1/first.png", label()),
         "first.png: "),
        (lambda root: fill(root / "train", "a"), "videos/ and train/videos/"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(root: Path, harm, message: str):
    harm(root)
    with pytest.raises(BadData, match=f"(?s){message}"):
        batches(Folder(root), "train", interval=3)


def test_missing_parts_are_named(root: Path, tmp_path: Path):
    with pytest.raises(BadData, match=r"root=.*nowhere is no folder"):
        Folder(tmp_path / "nowhere")
    for path in (root / "labels/tue_0001").iterdir():
        path.unlink()
    with pytest.raises(BadData, match="labels holds no label of a video of val"):
        Folder(root).samples("val")
    (root / "classes.yaml").unlink()
    with pytest.raises(BadData, match="classes"):
        Folder(root)
