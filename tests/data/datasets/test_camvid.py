"""CamVid's layout: stills to train and validate, a densely labelled video to test."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from bdnet.codec import Encoding, VideoReader, describe
from bdnet.data.base import SPLITS
from bdnet.data.camera_path import CameraPath
from bdnet.data.datasets.camvid import ORIGINS, CamVid
from bdnet.data.errors import BadData
from trees import HEIGHT, WIDTH, batches, label, picture, state, write

STILLS = ("0001TP_1", "0001TP_2", "0006R0_f1", "0006R0_f2", "0006R0_f3")
NUMBERS = (8, 9, 10, 11, 100)  # of the video's frames; 100 comes last only in natural order


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("camvid")
    for index, name in enumerate(STILLS):
        write(root / f"train/images/{name}.jpg", picture(index))
        write(root / f"train/labels/{name}.png", label(index) * 11)
    for index, number in enumerate(NUMBERS):
        write(root / f"video/images/{number}.png", picture(index))
        write(root / f"video/labels/{number}.png", label(index) * 8)
    camvid(root).prepare()
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy to harm."""
    return Path(shutil.copytree(made, tmp_path / "camvid"))


def camvid(root: Path, **changes: object) -> CamVid:
    settings: dict = {"encoding": Encoding(interval=4, crf=20), "processes": 1, **changes}
    return CamVid(root, root / "cache", path=CameraPath(), **settings)


def test_video_is_encoded_in_natural_order_with_every_frame_labelled(made: Path):
    dataset = camvid(made)
    samples = dataset.samples("test")
    assert [sample.label.stem for sample in samples] == [str(number) for number in NUMBERS]
    assert [sample.target for sample in samples] == [0, 1, 2, 3, 4]
    assert [sample.label for sample in dataset.samples("predict")] == [None] * 5
    info = describe(samples[0].video)
    assert (info.frames, info.problems, info.fps) == (5, (), 15)
    with VideoReader(samples[0].video) as reader:
        assert [frame.is_key for frame in reader] == [True, False, False, False, True]


def test_void_is_no_class(made: Path):
    dataset = camvid(made)
    first = dataset.samples("train")[0]
    assert set(np.unique(dataset.read_label(first.label))) == {0, 255}
    assert set(np.unique(dataset.read_label(dataset.samples("test")[0].label))) == {0, 8}
    assert len(dataset.classes) == 11


def test_stills_become_clips_of_their_own_interval(made: Path):
    for sample in camvid(made).samples("train"):
        assert sample.target == 11
        with VideoReader(sample.video) as reader:
            assert [frame.is_key for frame in reader] == [True] + [False] * 11


@pytest.mark.parametrize(
    ("share", "held"),
    [(0.1, ["0001TP_2", "0006R0_f3"]), (0.5, ["0001TP_2", "0006R0_f2", "0006R0_f3"])],
)
def test_the_last_stills_of_each_sequence_validate(made: Path, share: float, held: list[str]):
    dataset = camvid(made, val_share=share)
    names = {split: [sample.video.stem for sample in dataset.samples(split)] for split in SPLITS}
    assert names["val"] == held
    assert names["train"] == [name for name in STILLS if name not in held]
    assert len(set(names["test"])) == 1


@pytest.mark.parametrize("share", [0, 0.6])
def test_share_of_validation_is_checked(made: Path, share: float):
    with pytest.raises(BadData, match=f"val_share={share}"):
        camvid(made, val_share=share)


@pytest.mark.parametrize("split", SPLITS)
def test_batches(made: Path, split: str):
    batch = next(batches(camvid(made), split, interval=3))
    assert batch.images.shape == (2, 2, 3, HEIGHT, WIDTH)
    assert batch.motion.shape == (2, 2, 2, 6, 8)
    if split == "test":  # of the frames with a keyframe 2 before: 2 and 3
        assert np.array_equal(batch.labels, [label(2) * 8, label(3) * 8])


def test_original_pixels_are_the_images(made: Path):
    clips = list(batches(camvid(made), "test", interval=3, pixels="original"))
    assert [batch.offset.tolist() for batch in clips] == [[0, 0], [1, 1], [2, 2]]
    for offset, batch in enumerate(clips):
        key, target = batch.images[0].numpy().transpose(0, 2, 3, 1)
        assert np.array_equal(target, picture(2))
        assert np.array_equal(key, picture(2 - offset))


def test_second_preparation_changes_nothing_and_remakes_only_what_is_lost(root: Path):
    dataset = camvid(root)
    dataset.prepare()
    before = state(root)
    dataset.prepare()
    assert state(root) == before
    video = dataset.samples("test")[0].video
    content = video.read_bytes()
    video.unlink()
    with pytest.raises(BadData, match=r"video-.*.mp4 is not made yet; prepare_data\(\)"):
        dataset.samples("test")
    dataset.prepare()
    assert video.read_bytes() == content
    after = state(root)
    assert {path for path in before if before[path] != after[path]} == {video}


def _video(dataset: CamVid) -> Path:
    return dataset._video_job(dataset._video_frames()).output


def test_other_images_or_settings_make_another_video(root: Path):
    changes: list[dict] = [{}, {"fps": 25}, {"encoding": Encoding(interval=6)}]
    videos = {_video(camvid(root, **change)) for change in changes}
    write(root / "video/images/8.png", picture(3))
    assert len(videos | {_video(camvid(root))}) == 4


@pytest.mark.parametrize("folder", ORIGINS)
def test_missing_folder_is_named_with_its_origin(root: Path, folder: str):
    shutil.rmtree(root / folder)
    with pytest.raises(BadData, match=f"{folder} is missing.* {ORIGINS[folder]}$"):
        camvid(root).prepare()


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda root: (root / "video/labels/9.png").unlink(),
         "video/labels: 1 of 5 .*: 9;"),
        (lambda root: (root / "video/images/9.png").unlink(),
         "video/images: 1 of 5 .*: 9;"),
        (lambda root: (root / "video/images/9.png").write_bytes(b"no image"),
         "9.png: not an image"),
        (lambda root: write(root / "video/images/9.png", picture(0, 24, 32)),
         "frame 1 is 24x32"),
        (lambda root: write(root / "train/labels/0001TP_1.png", label() * 12),
         r"0001TP_1.png: .*\[12\]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(root: Path, harm, message: str):
    harm(root)
    with pytest.raises(BadData, match=message):
        camvid(root).prepare()


def test_labels_of_another_size_are_named(root: Path):
    write(root / "video/labels/10.png", label(0, 24, 32))
    with pytest.raises(BadData, match=r"10.png is 24x32 .* frame 2 of"):
        list(batches(camvid(root), "test", interval=3))
