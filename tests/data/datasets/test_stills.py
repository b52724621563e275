"""Single images become clips whose motion vectors carry their labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from bdnet.cli.conf import conf_folder
from bdnet.codec import Encoding, VideoReader, describe
from bdnet.data.camera_path import CameraPath
from bdnet.data.datasets.stills import Stills
from bdnet.data.errors import BadData
from bdnet.data.image_pairs import ImagePair
from bdnet.reports.dataset.label_propagation import propagation_scores
from trees import CLASSES, HEIGHT, WIDTH, batches, label, picture, state, write

STORED = replace(CLASSES, stored=((1, 0), (2, 1), (0, 255)))  # as on ADE20K: 0 is no class


def fill(root: Path, **names: str) -> Path:
    """Stills of these names, each one letter, by split."""
    for split, letters in names.items():
        for number, name in enumerate(letters):
            write(root / split / "images" / f"{name}.png", picture(number))
            write(root / split / "labels" / f"{name}.png", label(number) + 1)
    return root


def stills(root: Path, **changes: object) -> Stills:
    folders = ("train", "val")
    settings: dict = {
        "images": {split: f"{split}/images" for split in folders},
        "labels": {split: f"{split}/labels" for split in folders},
        "classes": STORED, "path": CameraPath(), "encoding": Encoding(interval=12, crf=20),
    }  # fmt: skip
    return Stills(**{"root": root, "cache": root / "cache", "processes": 1, **settings, **changes})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two stills to train and one to validate."""
    return fill(tmp_path, train="ab", val="c")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = fill(tmp_path_factory.mktemp("stills"), train="ab", val="c")
    stills(root, processes=2).prepare()
    return root


def pair(root: Path, name: str = "a") -> ImagePair:
    return ImagePair(name, root / f"train/images/{name}.png", root / f"train/labels/{name}.png")


def test_last_frame_is_the_still_and_has_its_label(prepared: Path):
    dataset = stills(prepared)
    samples = dataset.samples("train")
    assert [(sample.video.stem, sample.target) for sample in samples] == [("a", 11), ("b", 11)]
    assert np.array_equal(dataset.read_label(samples[1].label), label(1))
    info = describe(samples[1].video)
    assert (info.frames, info.problems) == (12, ())
    with VideoReader(samples[1].video, {11}) as reader:
        shown = reader.clip(11, 0)[0].image.astype(float)
    errors = [np.abs(shown - np.roll(picture(1), shift, 1)).mean() for shift in (-1, 0, 1)]
    assert errors[1] < 0.7 * min(errors[0], errors[2])  # lossy, but nowhere else
    assert [sample.video.stem for sample in dataset.samples("test")] == ["c"]
    assert [sample.target for sample in dataset.samples("predict")] == [*range(12)]


@pytest.mark.parametrize("split", ["train", "val"])
def test_batches(prepared: Path, split: str):
    batch = next(batches(stills(prepared), split, interval=5, batch_size=1))
    assert batch.images.shape == (1, 2, 3, HEIGHT, WIDTH)
    assert batch.motion.shape == (1, 4, 2, 6, 8)
    assert set(batch.labels.unique().tolist()) == {0, 1}
    if split == "train":
        assert 0 <= batch.offset.item() < 5


def test_second_preparation_changes_nothing_and_mends_what_is_missing(prepared: Path):
    dataset = stills(prepared)
    before = state(prepared)
    dataset.prepare()
    assert state(prepared) == before
    lost = dataset.folder / "train/videos/b.mp4"
    content = lost.read_bytes()
    lost.unlink()
    with pytest.raises(BadData, match=r"b.mp4 is not made yet; prepare_data\(\)"):
        dataset.samples("train")
    dataset.prepare()
    assert lost.read_bytes() == content  # the same bits for the same seed
    after = state(prepared)
    changed = {path.name for path in before if before[path] != after[path]}
    assert changed == {"b.mp4", "000011.png", "classes.yaml", "parameters.json"}


def test_corrected_label_makes_its_clip_anew(prepared: Path):
    dataset = stills(prepared)
    write(prepared / "train/labels/a.png", np.full((HEIGHT, WIDTH), 2, np.uint8))
    dataset.prepare()
    assert (dataset.read_label(dataset.samples("train")[0].label) == 1).all()


def test_other_parameters_have_another_folder(root: Path):
    changes: list[dict] = [
        {}, {"seed": 1}, {"dense": True}, {"path": CameraPath(pan=1)}, {"classes": CLASSES},
        {"encoding": Encoding(interval=12, crf=21)}, {"size": (24, 32)}, {"margin": 2},
    ]  # fmt: skip
    assert len({stills(root, **change).folder for change in changes}) == len(changes)
    assert stills(root, processes=3).folder == stills(root).folder


def test_picture_and_label_move_alike(root: Path):
    """The image is drawn in its labels' colours, so that sample frame tells its own labels."""
    write(root / "train/images/a.png", np.repeat(label()[..., None] * 255, 3, 2))
    frames = list(stills(root, label=5, dense=True).render("train", pair(root)))
    assert len(frames) == 12
    assert np.array_equal(frames[5][1], label())
    for image, labels in frames:
        known = labels != 255
        wrong = known & ((image[..., 0] > 127) != (labels == 1))
        assert wrong.mean() < 0.02  # half a pixel along the border of the classes
        assert known.mean() > 0.5
    assert any((labels == 255).any() for _, labels in frames)


def test_margin_keeps_the_picture_filled(root: Path):
    slow = CameraPath(pan=0.5, zoom=0, rotation=0, perspective=0)
    frames = list(stills(root, margin=8, path=slow).render("train", pair(root)))
    assert all((labels != 255).all() for _, labels in frames)
    assert np.array_equal(frames[11][0], picture()[8:-8, 8:-8])
    with pytest.raises(BadData, match=r"a.png is 48x64.*margin=24"):
        list(stills(root, margin=24).render("train", pair(root)))


def test_size_scales_and_pads(root: Path):
    (_, labels) = [*stills(root, size=(24, 48)).render("train", pair(root))][11]
    assert labels.shape == (24, 48)
    assert (labels[:, 32:] == 255).all()
    assert np.array_equal(labels[:, :32], label()[::2, 1::2])


def test_vectors_move_labels_far_better_than_copying(tmp_path: Path):
    height, width = 144, 176
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        write(tmp_path / f"train/images/{name}.png", picture(ord(name) % 2, height, width))
        blocks = rng.integers(1, 3, (9, 11)).astype(np.uint8)
        write(tmp_path / f"train/labels/{name}.png", np.kron(blocks, np.ones((16, 16), np.uint8)))
    folders = {"images": {"train": "train/images"}, "labels": {"train": "train/labels"}}
    dataset = stills(tmp_path, dense=True, **folders)
    dataset.prepare()
    scores = propagation_scores(dataset, dataset.samples("train"), [1, 5, 11])
    assert (scores["vectors"] > 1 - 0.4 * (1 - scores["copied"])).all()
    assert (scores["holes"] < 0.35).all()
    assert scores["vectors"][1] > 0.93
    assert scores["vectors"][11] > 0.8


def test_lists_and_a_share_choose_the_stills(root: Path):
    fill(root, train="def")
    alone = {"images": {"train": "train/images", "val": None}, "labels": {"train": "train/labels"}}
    dataset = stills(root, **alone, val_share=0.4)
    kept = {split: {pair.name for _, pair in dataset.pairs(split)} for split in ("train", "val")}
    assert (len(kept["train"]), len(kept["val"])) == (3, 2)
    assert kept["train"] | kept["val"] == set("abdef")
    with pytest.raises(BadData, match=r"images\.val.*val_share"):
        stills(root, **alone).samples("val")
    (root / "train.txt").write_text("a.jpg a.png\n\nd\n")
    listed = stills(root, **alone, lists={"train": "train.txt"})
    assert [pair.name for _, pair in listed.pairs("train")] == ["a", "d"]


def test_all_wrong_files_are_named_at_once(root: Path):
    for name in ("a", "b"):
        write(root / f"train/labels/{name}.png", label() + 7)
    with pytest.raises(BadData, match=r"(?s)a.png: unknown label.*\n.*b.png: unknown label"):
        stills(root).prepare()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": 12}, "label=12"),
        ({"length": 24, "label": 23}, "encoding.interval=12.*length=24"),
        ({"val_share": 1.0}, "val_share=1.0"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, changes: dict, message: str):
    with pytest.raises(BadData, match=message):
        stills(tmp_path, **changes)


def test_configuration_makes_the_module(root: Path):
    (root / "classes.yaml").write_text("names: [a, b]\nstored: [1, 2]\nignore: 0\n")
    changes = {"root": root, "val_share": 0.5, "images.val": "null", "labels.val": "null"}
    overrides = [f"data.dataset.{key}={value}" for key, value in changes.items()]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("probe", ["data=stills", *overrides])
    dataset = instantiate(config.data, _convert_="all").dataset
    assert np.array_equal([*dataset.render("train", pair(root))][11][1], label())
    assert [len(dataset.pairs(split)) for split in ("train", "val")] == [1, 1]
