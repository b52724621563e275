"""Cityscapes' official layout, at a small size."""

import logging
import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from bdnet.codec import Encoding, VideoReader, describe
from bdnet.data.base import warn_once
from bdnet.data.datasets.cityscapes import CLASSES, Cityscapes
from bdnet.data.errors import BadData
from bdnet.data.streets import StreetParameters, render
from cityscapes_tree import write_tree
from trees import HEIGHT, WIDTH, batches, picture, state, write

SNIPPETS = (
    ("train", "aachen", "000000", 19),
    ("train", "aachen", "000001", 19),
    ("train", "bochum", "000000", 313),
    ("val", "lindau", "000000", 19),
)


def write_snippet(root: Path, split: str, city: str, sequence: str, frame: int) -> None:
    sky_and_road = np.tile([[23], [7]], (HEIGHT // 2, WIDTH)).astype(np.uint8)
    name = f"{split}/{city}/{city}_{sequence}_{frame:06d}_gtFine_labelIds.png"
    write(root / "gtFine" / name, sky_and_road)
    for index in range(30):
        name = f"{split}/{city}/{city}_{sequence}_{frame - 19 + index:06d}_leftImg8bit.png"
        write(root / "leftImg8bit_sequence" / name, picture(index))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cityscapes")
    for snippet in SNIPPETS:
        write_snippet(root, *snippet)
    cityscapes(root, processes=2).prepare()
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The same, not yet encoded, to harm."""
    for snippet in SNIPPETS[-2:]:
        write_snippet(tmp_path, *snippet)
    return tmp_path


def cityscapes(root: Path, **changes: object) -> Cityscapes:
    settings: dict = {"encoding": Encoding(interval=30, crf=20), "processes": 1, **changes}
    return Cityscapes(root, root / "cache", **settings)


def test_every_snippet_is_a_video_of_30_frames_with_label_19(made: Path):
    dataset = cityscapes(made)
    samples = dataset.samples("train")
    names = ["aachen_000000_000019", "aachen_000001_000019", "bochum_000000_000313"]
    assert [sample.video.stem for sample in samples] == names
    assert {sample.target for sample in samples} == {19}
    assert {sample.video.parent.parent.name for sample in samples} == {"train"}
    for sample in samples:
        info = describe(sample.video)
        assert (info.frames, info.problems, info.fps) == (30, (), 17)
        assert sample.label.name == f"{sample.video.stem}_gtFine_labelIds.png"
        with VideoReader(sample.video) as reader:
            assert sum(frame.is_key for frame in reader) == 1
    assert samples[2].originals[0].name == "bochum_000000_000294_leftImg8bit.png"
    assert samples[2].originals[29].name == "bochum_000000_000323_leftImg8bit.png"


def test_label_ids_become_the_19_classes(made: Path, tmp_path: Path):
    dataset = cityscapes(made)
    stored = np.array([[*range(34), 255]], np.uint8)
    labels = dataset.read_label(write(tmp_path / "a.png", stored))[0].tolist()
    assert len(dataset.classes) == 19
    assert [labels[label.id] for label in CLASSES] == [*range(19)]
    assert sum(value == 255 for value in labels) == 16
    assert dataset.classes.names[labels[26]] == "car"
    assert dataset.classes.colours[labels[7]] == (128, 64, 128)
    with pytest.raises(BadData, match=r"unknown label values \[34\]"):
        dataset.read_label(write(tmp_path / "a.png", stored[:, :1] + 34))


def test_the_first_frame_of_clips_is_a_codec_keyframe(root: Path):
    dataset = cityscapes(root).for_interval(5)
    dataset.prepare()
    assert dataset.folder != cityscapes(root).folder
    (sample,) = dataset.samples("train")
    assert describe(sample.video).problems == ()
    with VideoReader(sample.video) as reader:
        assert [frame.index for frame in reader if frame.is_key] == [0, 15]
    clips = batches(cityscapes(root), "val", interval=5, batch_size=1)
    assert [clip.offset.item() for clip in clips] == [*range(5)]
    with pytest.raises(BadData, match="interval=21"):
        dataset.for_interval(21)


def test_rendered_streets_are_a_tree_of_the_official_layout(tmp_path: Path):
    write_tree(tmp_path, ("val",), height=48, width=96)
    dataset = cityscapes(tmp_path).for_interval(2)
    dataset.prepare(["val"])
    samples = dataset.samples("val")
    cities = [sample.video.stem.split("_")[0] for sample in samples]
    assert cities == ["frankfurt", "lindau", "munster"]
    *_, (_, label) = islice(render(StreetParameters(48, 96, 30), 1), 20)
    names = np.array(["sky", "building", "pole", "road", "sidewalk", "vegetation",
                      "traffic sign", "fence", "car", "person", "rider"])  # fmt: skip
    read = dataset.labels_of(samples[1], 48, 96)
    assert (np.array(dataset.classes.names)[read] == names[label]).all()


def test_val_needs_no_training_files(root: Path):
    shutil.rmtree(root / "gtFine/train")
    dataset = cityscapes(root)
    dataset.prepare(["val"])
    assert len(dataset.samples("val")) == 1
    with pytest.raises(BadData, match="gtFine/train is missing"):
        dataset.prepare()


@pytest.mark.parametrize("split", ["train", "val"])
def test_batches(made: Path, split: str):
    settings = {"interval": 20, "batch_size": 1}
    clips = list(batches(cityscapes(made), split, **settings))
    assert clips[0].images.shape == (1, 2, 3, HEIGHT, WIDTH)
    assert clips[0].motion.shape == (1, 19, 2, 6, 8)
    assert set(clips[0].labels.unique().tolist()) == {0, 10}
    if split == "val":  # the labelled frame is reached from any of the 20 before it
        assert [batch.offset.item() for batch in clips] == [*range(20)]


def test_original_pixels_are_the_sequence(made: Path):
    batch = list(batches(cityscapes(made), "val", interval=5, batch_size=1, pixels="original"))[4]
    key, target = batch.images[0].numpy().transpose(0, 2, 3, 1)
    assert np.array_equal(key, picture(15))
    assert np.array_equal(target, picture(19))


def test_second_preparation_changes_nothing_and_remakes_only_what_is_lost(made: Path):
    dataset = cityscapes(made)
    before = state(made)
    dataset.prepare()
    assert state(made) == before
    lost = dataset.samples("train")[1].video
    content = lost.read_bytes()
    lost.unlink()
    with pytest.raises(BadData, match=r"aachen_000001_000019.mp4 is not made yet; prepare_data"):
        dataset.samples("train")
    dataset.prepare()
    assert lost.read_bytes() == content
    after = state(made)
    assert {path for path in before if before[path] != after[path]} == {lost}


def test_images_are_not_needed_once_encoded(made: Path, tmp_path: Path):
    root = Path(shutil.copytree(made, tmp_path / "copy"))
    shutil.rmtree(root / "leftImg8bit_sequence")
    assert next(batches(cityscapes(root), "val", interval=20, batch_size=1)).offset == 0


def test_val_serves_as_test_unless_asked(made: Path, caplog):
    warn_once.cache_clear()
    dataset = cityscapes(made)
    with caplog.at_level(logging.WARNING):
        assert dataset.samples("test") == dataset.samples("val") == dataset.samples("test")
    (message,) = caplog.messages
    assert "Cityscapes" in message
    predicted = dataset.samples("predict")
    assert [(sample.target, sample.label) for sample in predicted] == [(i, None) for i in range(30)]


def test_all_that_is_missing_is_named_at_once_with_the_archives(root: Path, caplog):
    shutil.rmtree(root / "gtFine/train")
    shutil.rmtree(root / "leftImg8bit_sequence")
    (root / "leftImg8bit").mkdir()
    with pytest.raises(BadData) as problems:
        cityscapes(root).prepare()
    text = str(problems.value)
    for archive in ("gtFine", "leftImg8bit_sequence", "leftImg8bit"):
        assert f"{archive}_trainvaltest.zip" in text
    assert text.count("is missing") == 2
    with caplog.at_level(logging.INFO), pytest.raises(BadData):
        cityscapes(root).prepare(["val"])
    assert "val 1 of the official 500 snippets" in caplog.text


def test_videos_without_a_keyframe_at_clips_are_shared_by_all_intervals(root: Path):
    dataset = cityscapes(root, keyframe_at_clips=False)
    assert dataset.for_interval(5).folder == dataset.for_interval(9).folder == dataset.folder


def test_test_split_has_no_labels(root: Path):
    write_snippet(root, "test", "berlin", "000000", 19)
    dataset = cityscapes(root, test="test")
    dataset.prepare()
    (sample,) = dataset.samples("test")
    assert (sample.video.stem, sample.label) == ("berlin_000000_000019", None)
    with pytest.raises(BadData, match="test=train"):
        cityscapes(root, test="train")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda root: shutil.rmtree(root / "leftImg8bit_sequence"),
         "leftImg8bit_sequence is missing; .*leftImg8bit_sequence_trainvaltest.zip"),
        (lambda root: shutil.rmtree(root / "leftImg8bit_sequence/val/lindau"),
         "leftImg8bit_sequence/val/lindau is missing"),
        (lambda root: shutil.rmtree(root / "gtFine/val"),
         "gtFine/val is missing; .*gtFine_trainvaltest.zip"),
        (lambda root: shutil.rmtree(root / "gtFine/val/lindau"),
         "gtFine/val holds no"),
        (lambda root: [path.unlink() for path in root.rglob("bochum_000000_00030?_left*")],
         "bochum_000000_000300_leftImg8bit.png is missing, .* 10 of 30"),
        (lambda root: write(root / "gtFine/val/lindau/x_000000_000003_gtFine_labelIds.png",
                            picture()[..., 0]),
         "x_000000_000003_gtFine_labelIds.png: "),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(root: Path, harm, message: str):
    harm(root)
    with pytest.raises(BadData, match=message):
        cityscapes(root).prepare()


def test_damaged_image_fails_its_snippet_and_keeps_the_others(root: Path):
    broken = root / "leftImg8bit_sequence/val/lindau/lindau_000000_000007_leftImg8bit.png"
    broken.write_bytes(b"not an image")
    message = "1 of 2 videos .*\n.*000007_leftImg8bit.png: not an image"
    with pytest.raises(BadData, match=message):
        cityscapes(root).prepare()
    assert len(cityscapes(root).samples("train")) == 1
    write(broken, picture(7))
    cityscapes(root).prepare()
    assert len(cityscapes(root).samples("val")) == 1
