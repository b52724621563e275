"""Videos without any label as the source of unlabelled clips."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from bdnet.codec import Encoding, VideoReader, VideoWriter
from bdnet.data.base import Sample
from bdnet.data.errors import BadData
from bdnet.data.module import ClipDataModule
from bdnet.data.normalisation import normalise
from bdnet.data.sampler import TrainingBatches
from bdnet.data.streets.dataset import Streets
from bdnet.data.transforms import CentreCrop, Flip, JointTransform, Scale
from bdnet.data.unlabelled import frames_below, videos_below
from bdnet.types import IGNORE, Clip
from tiny_training import composed, prepared, run, settings
from videos import Pan

SETTINGS = {
    "interval": 3,
    "batch_size": 2,
    "workers": 0,
    "labelled_frame": 6,
    "unlabelled_batch_size": 3,
}


def write(path: Path, frames: int, seed: int, size: tuple[int, int] = (64, 96), **encoding) -> Path:
    """A clean stream that no labelled video resembles."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, encoding=Encoding(**{"interval": 6, "crf": 18} | encoding)) as writer:
        for index in range(frames):
            writer.write(Pan((1, 2), seed).picture(index, *size))
    return path


@pytest.fixture(scope="module")
def extra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos of 5, 9 and 2 frames at three depths, one of them a link. Never change it."""
    root = tmp_path_factory.mktemp("extra")
    far = tmp_path_factory.mktemp("far")
    write(root / "one.mp4", 5, 1)
    write(root / "monday/two.mkv", 9, 2)
    write(far / "morning/three.mp4", 2, 3)
    (root / "tuesday").symlink_to(far)
    (far / "morning/back").symlink_to(root)  # in a circle
    (root / "notes.txt").write_text("no video")
    (root / ".one.mp4").write_text("hidden: being copied")
    return root


def pictures(folder: Path) -> dict[bytes, tuple[str, int]]:
    """Of each frame of each video: whose it is."""
    found = {}
    for path in videos_below(folder):
        with VideoReader(path, "all") as reader:
            for frame in reader:
                found[frame.image.transpose(2, 0, 1).tobytes()] = (path.stem, frame.index)
    return found


def batches(module: ClipDataModule, count: int, first: int = 0) -> list[Clip]:
    """Those with the numbers from first to count, of a training that has been to `first`."""
    clips, kinds = module.training_clips()
    return list(DataLoader(clips, batch_sampler=TrainingBatches(kinds, count, first)))


def test_videos_are_found_at_any_depth(extra: Path):
    found = [str(path.relative_to(extra)) for path in videos_below(extra)]
    assert found == ["monday/two.mkv", "one.mp4", "tuesday/morning/three.mp4"]


def test_every_frame_is_a_sample_without_label(extra: Path, small_streets: Streets):
    two, one, three = videos_below(extra)
    assert frames_below(extra, small_streets, None) == [
        Sample(video, index, None)
        for video, frames in ((two, 9), (one, 5), (three, 2))
        for index in range(frames)
    ]


def test_unlabelled_clips_are_of_the_extra_videos_alone(extra: Path, small_streets: Streets):
    known = pictures(extra)
    assert len(known) == 16
    plain = ClipDataModule(small_streets, **SETTINGS | {"unlabelled_batch_size": 0})
    drawn = []
    offsets: dict[int, set[int]] = {}
    module = ClipDataModule(small_streets, unlabelled_videos=str(extra), **SETTINGS)
    for alone, joint in zip(batches(plain, 16), batches(module, 16), strict=True):
        assert joint.images.shape == (2 + 3, 2, 3, 64, 96)
        for part, same in zip(alone, joint, strict=True):
            assert torch.equal(part, same[:2])  # what has labels stays the same
        assert not (joint.labels[:2] == IGNORE).all((1, 2)).any()
        assert (joint.labels[2:] == IGNORE).all()
        for images, offset in zip(joint.images[2:], joint.offset[2:].tolist(), strict=True):
            key, target = (known[image.numpy().tobytes()] for image in images)
            assert (target[0], target[1] - offset) == key
            offsets.setdefault(target[1], set()).add(offset)
            drawn.append(target)
    assert sorted(drawn) == sorted(3 * list(known.values()))  # three rounds over all frames
    # frames 0 and 6 are the codec's keyframes: none lies before them
    assert all(offsets[frame] == {0} for frame in (0, 6))
    assert max(max(each) for each in offsets.values()) == 2
    assert [str(extra) in name for name in module.training_names(3)] == [False] * 2 + [True] * 3


def test_batches_do_not_depend_on_where_training_went_on(extra: Path, small_streets: Streets):
    def draw(count: int, first: int, **changes) -> list[Clip]:
        module = ClipDataModule(
            small_streets, unlabelled_videos=str(extra), augmentation=JointTransform([Flip()]),
            **SETTINGS | changes,
        )  # fmt: skip
        return batches(module, count, first)

    whole = draw(8, 0)
    for one, other in zip(whole[5:], draw(8, 5), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    other_seed = draw(8, 5, seed=1)
    assert not torch.equal(whole[5].images[2:], other_seed[0].images[2:])


def test_codec_keyframes_alone(extra: Path, small_streets: Streets):
    module = ClipDataModule(
        small_streets,
        unlabelled_videos=str(extra),
        **SETTINGS | {"keyframes": "codec", "interval": 7},
    )
    known = pictures(extra)
    for batch in batches(module, 6):
        for image, offset in zip(batch.images[2:, 1], batch.offset[2:].tolist(), strict=True):
            assert known[image.numpy().tobytes()][1] % 6 == offset


def test_the_last_offset_alone(extra: Path, small_streets: Streets):
    module = ClipDataModule(small_streets, unlabelled_videos=str(extra), offsets="last", **SETTINGS)
    assert all((batch.offset == 2).all() for batch in batches(module, 6))
    module = ClipDataModule(
        small_streets, unlabelled_videos=str(extra), offsets="last", **SETTINGS | {"interval": 7}
    )
    with pytest.raises(
        BadData, match=r"or frame of unlabelled_videos=\S* lies 6 frames after a codec keyfr"
    ):
        module.train_dataloader()


def test_with_a_crop_any_size_goes(small_streets: Streets, tmp_path: Path):
    large = write(tmp_path / "large.mp4", 3, 1, (80, 128))
    write(tmp_path / "small.mp4", 3, 2, (32, 48))
    module = ClipDataModule(
        small_streets, unlabelled_videos=str(tmp_path),
        augmentation=JointTransform([CentreCrop(48, 64)]), **SETTINGS,
    )  # fmt: skip
    found = batches(module, 4)
    assert all(batch.images.shape == (5, 2, 3, 48, 64) for batch in found)
    with VideoReader(large, "all") as reader:
        windows = {frame.image[16:64, 32:96].transpose(2, 0, 1).tobytes() for frame in reader}
    drawn = {each.numpy().tobytes() for batch in found for each in batch.images[2:, 1]}
    assert windows < drawn
    assert len(drawn) == 6


@pytest.mark.parametrize("transforms", [[], [Flip()], [Scale(0.5, 2.0)]])
def test_without_a_crop_sizes_must_be_equal(transforms, small_streets: Streets, tmp_path: Path):
    write(tmp_path / "a.mp4", 3, 1)
    odd = write(tmp_path / "b.mp4", 3, 2, (64, 64))
    module = ClipDataModule(
        small_streets,
        unlabelled_videos=str(tmp_path),
        augmentation=JointTransform(transforms),
        **SETTINGS,
    )
    with pytest.raises(BadData, match=rf"{odd} is 64x64 .*train\S*mp4 is 64x96: without a crop"):
        module.train_dataloader()


def test_a_folder_that_does_not_fit_is_named_with_the_remedy(
    small_streets: Streets, tmp_path: Path, make_video, caplog: pytest.LogCaptureFixture
):
    def refused(extra: Path, message: str) -> None:
        module = ClipDataModule(small_streets, unlabelled_videos=str(extra), **SETTINGS)
        with pytest.raises(BadData, match=message):
            module.train_dataloader()

    refused(tmp_path / "none", r"unlabelled_videos=\S*/none is no folder; put clean streams there")
    refused(
        tmp_path,
        r"unlabelled_videos=\S* no video in it \(.mp4, .mkv, .avi\), at any depth; make some: py",
    )
    write(tmp_path / "deep/clean.mp4", 3, 1)
    dirty = make_video(size=(64, 96), frames=6, options=(("bf", "2"), ("refs", "3")))
    (tmp_path / "dirty.mp4").symlink_to(dirty)
    refused(
        tmp_path,
        r"/dirty.mp4 has B-frames.*python -m bdnet.encode input='\S*/dirty.mp4' output=FOLDER "
        r"\(1 of the 2 videos of unlabelled_videos=\S* are no clean streams\)",
    )
    refused(small_streets.folder, r"val/videos/00000.mp4 is a video of val; results would be too")
    ClipDataModule(
        small_streets, unlabelled_videos="films"
    )  # a row of a sweep that needs none of it
    assert "unlabelled_videos=films: not used with unlabelled_batch_size=0" in caplog.text
    with pytest.raises(BadData, match=r"unlabelled_videos=films: the images .* say pixels=decoded"):
        ClipDataModule(
            small_streets, unlabelled_batch_size=1, unlabelled_videos="films", pixels="original"
        )


def test_the_folder_is_not_needed_to_evaluate(small_streets: Streets):
    module = ClipDataModule(small_streets, unlabelled_videos="gone", **SETTINGS)
    assert next(iter(module.val_dataloader())).images.shape[-2:] == (64, 96)


def test_labels_are_still_read(extra: Path, small_streets: Streets, tmp_path: Path):
    shutil.copytree(small_streets.folder, tmp_path / small_streets.folder.name)
    streets = replace(small_streets, root=tmp_path)
    for label in (streets.folder / "train/labels").glob("*/000006.png"):
        assert cv2.imwrite(str(label), np.full((64, 96), 2, np.uint8))
    (batch,) = batches(ClipDataModule(streets, unlabelled_videos=str(extra), **SETTINGS), 1)
    assert (batch.labels[:2] == 2).all()


@pytest.mark.filterwarnings("ignore:.*does not have many workers")  # one is enough here
@pytest.mark.filterwarnings("ignore:.*LeafSpec")  # Lightning's own use of torch
@pytest.mark.filterwarnings("ignore:Found .* in eval mode")  # the teacher
def test_the_teachers_terms_learn_of_it_and_those_of_labels_do_not(
    bands: Path, extra: Path, tmp_path: Path
):
    chosen = [
        *settings(bands, tmp_path), "loss=[segmentation,pixelwise]",
        *(f"data.unlabelled_videos={extra}", "data.unlabelled_batch_size=3", "teacher=hrnet"),
        *("teacher.model.backbone=hrnet_w18_small", "teacher.checkpoint=null", "steps=2"),
        *("validate_every=2", "+trainer.limit_val_batches=1"),
    ]  # fmt: skip
    with composed(*chosen) as (config, _):
        distiller, data = prepared(config)
    batch = normalise(next(iter(data.train_dataloader())))
    assert len(batch.offset) == 2 + 3
    taught = distiller.teacher(batch)
    for term, count in (("segmentation", 2), ("pixelwise", 5)):
        seen = distiller.student(batch)
        seen.logits.retain_grad()
        distiller.objective.terms[term](seen, taught, batch).backward()
        learns = seen.logits.grad.flatten(1).any(1)
        assert learns.tolist() == [place < count for place in range(5)]
    folder = run(*chosen)
    assert (folder / "metrics.json").is_file()
