"""Videos without any label as the source of unlabelled clips."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from bdnet.codec import VideoReader
from bdnet.data.base import Sample
from bdnet.data.errors import BadData
from bdnet.data.module import ClipDataModule
from bdnet.data.normalisation import normalise
from bdnet.data.sampler import TrainingBatches
from bdnet.data.streets.dataset import Streets
from bdnet.data.transforms import Crop, Flip, JointTransform, Scale
from bdnet.data.unlabelled import frames_below, videos_below
from bdnet.types import IGNORE, Clip
from tiny_training import composed, prepared, run, settings
from trees import same, write, write_video

SIZE = 64, 96  # of the streets


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos of 5, 9 and 2 frames at three depths, one of them a link. Never change it."""
    root = tmp_path_factory.mktemp("videos")
    far = tmp_path_factory.mktemp("far")
    write_video(root / "one.mp4", 5, 6, SIZE, seed=1)
    write_video(root / "monday/two.mkv", 9, 6, SIZE, seed=2)
    write_video(far / "morning/three.mp4", 2, 6, SIZE, seed=3)
    (root / "tuesday").symlink_to(far)
    (far / "morning/back").symlink_to(root)  # in a circle
    (root / "notes.txt").write_text("no video")
    (root / ".one.mp4").write_text("hidden: being copied")
    return root


def module(streets: Streets, videos: Path | None, **changes: object) -> ClipDataModule:
    """Batches of two labelled clips and three of these videos."""
    given = {
        "interval": 3, "batch_size": 2, "workers": 0, "labelled_frame": 6,
        "unlabelled_batch_size": 3, "unlabelled_videos": videos and str(videos),
    }  # fmt: skip
    return ClipDataModule(streets, **given | changes)


def batches(data: ClipDataModule, count: int, first: int = 0) -> list[Clip]:
    """Those with the numbers from first to count, of a training that has been to `first`."""
    clips, shares = data.training_clips()
    return list(DataLoader(clips, batch_sampler=TrainingBatches(shares, count, first)))


def frames_by_pixels(folder: Path, name: str = "") -> dict[bytes, tuple[str, int]]:
    """The video and the number of each frame, by its pixels."""
    frames = {}
    for path in videos_below(folder):
        if name not in path.stem:
            continue
        with VideoReader(path, "all") as reader:
            for frame in reader:
                frames[frame.image.transpose(2, 0, 1).tobytes()] = (path.stem, frame.index)
    return frames


def test_videos_are_found_at_any_depth(videos: Path):
    names = [str(path.relative_to(videos)) for path in videos_below(videos)]
    assert names == ["monday/two.mkv", "one.mp4", "tuesday/morning/three.mp4"]


def test_every_frame_is_a_sample_without_label(videos: Path, small_streets: Streets):
    first, second, third = videos_below(videos)
    assert frames_below(videos, small_streets, None) == [
        Sample(video, index, None)
        for video, frames in ((first, 9), (second, 5), (third, 2))
        for index in range(frames)
    ]


def test_unlabelled_clips_are_of_these_videos_alone(videos: Path, small_streets: Streets):
    frames = frames_by_pixels(videos)
    assert len(frames) == 16
    drawn = []
    offsets: dict[int, set[int]] = {}
    data = module(small_streets, videos)
    plain = module(small_streets, None, unlabelled_batch_size=0)
    for labelled, joint in zip(batches(plain, 16), batches(data, 16), strict=True):
        assert joint.images.shape == (2 + 3, 2, 3, *SIZE)
        assert same(labelled, Clip(*(part[:2] for part in joint)))
        assert not (joint.labels[:2] == IGNORE).all((1, 2)).any()
        assert (joint.labels[2:] == IGNORE).all()
        for images, offset in zip(joint.images[2:], joint.offset[2:].tolist(), strict=True):
            key, target = (frames[image.numpy().tobytes()] for image in images)
            assert (target[0], target[1] - offset) == key
            offsets.setdefault(target[1], set()).add(offset)
            drawn.append(target)
    assert sorted(drawn) == sorted(3 * list(frames.values()))  # three rounds over all frames
    # frames 0 and 6 are the codec's keyframes: none lies before them
    assert all(offsets[frame] == {0} for frame in (0, 6))
    assert max(map(max, offsets.values())) == 2
    is_new = [str(videos) in name for name in data.training_names(3)]
    assert is_new == [False] * 2 + [True] * 3


def test_batches_do_not_depend_on_where_training_went_on(videos: Path, small_streets: Streets):
    flips = {"augmentation": JointTransform([Flip()])}
    whole = batches(module(small_streets, videos, **flips), 8)
    rest = batches(module(small_streets, videos, **flips), 8, 5)
    assert all(map(same, whole[5:], rest))
    other_seed = batches(module(small_streets, videos, **flips, seed=1), 8, 5)
    assert not torch.equal(rest[0].images[2:], other_seed[0].images[2:])


def test_codec_keyframes_alone(videos: Path, small_streets: Streets):
    frames = frames_by_pixels(videos)
    for batch in batches(module(small_streets, videos, keyframes="codec", interval=7), 6):
        for image, offset in zip(batch.images[2:, 1], batch.offset[2:].tolist(), strict=True):
            assert frames[image.numpy().tobytes()][1] % 6 == offset


def test_the_last_offset_alone(videos: Path, small_streets: Streets):
    last = batches(module(small_streets, videos, offsets="last"), 6)
    assert all((batch.offset == 2).all() for batch in last)
    with pytest.raises(BadData, match=r"unlabelled_videos=\S* lies 6 frames"):
        module(small_streets, videos, offsets="last", interval=7).train_dataloader()


def test_with_a_crop_any_size_goes(small_streets: Streets, tmp_path: Path):
    write_video(tmp_path / "large.mp4", 3, 6, (80, 128), seed=1)
    write_video(tmp_path / "small.mp4", 3, 6, (32, 48), seed=2)
    crop = JointTransform([Crop(48, 64)])
    cropped = batches(module(small_streets, tmp_path, augmentation=crop), 4)
    assert all(batch.images.shape == (5, 2, 3, 48, 64) for batch in cropped)
    images = [image.numpy() for batch in cropped for image in batch.images[2:, 1]]
    small, large = frames_by_pixels(tmp_path, "small"), frames_by_pixels(tmp_path, "large")
    shown = {image[:, :32, :48].tobytes() for image in images} & small.keys()
    assert len(shown) == 3
    for image in images:
        if image[:, :32, :48].tobytes() not in small:
            frames = (np.frombuffer(pixels, np.uint8).reshape(3, 80, 128) for pixels in large)
            assert any(
                np.array_equal(image, frame[:, top : top + 48, left : left + 64])
                for frame in frames
                for top in range(0, 33, 8)
                for left in range(0, 65, 8)
            )


@pytest.mark.parametrize("transforms", [[], [Flip()], [Scale(0.5, 2.0)]])
def test_without_a_crop_sizes_must_be_equal(transforms, small_streets: Streets, tmp_path: Path):
    write_video(tmp_path / "a.mp4", 3, 6, SIZE)
    odd = write_video(tmp_path / "b.mp4", 3, 6, (64, 64))
    data = module(small_streets, tmp_path, augmentation=JointTransform(transforms))
    with pytest.raises(BadData, match=rf"{odd} is 64x64 .*train\S*mp4 is 64x96"):
        data.train_dataloader()


def test_a_folder_that_does_not_fit_is_named(small_streets: Streets, tmp_path: Path, make_video):
    def refused(folder: Path, message: str) -> None:
        with pytest.raises(BadData, match=message):
            module(small_streets, folder).train_dataloader()

    refused(tmp_path / "none", r"unlabelled_videos=\S*/none is no folder")
    refused(tmp_path, rf"unlabelled_videos={re.escape(str(tmp_path))}: no video")
    write_video(tmp_path / "deep/clean.mp4", 3, 6, SIZE)
    dirty = make_video(size=SIZE, frames=6, options=(("bf", "2"), ("refs", "3")))
    (tmp_path / "dirty.mp4").symlink_to(dirty)
    refused(tmp_path, r"/dirty.mp4 has B-frames.*bdnet.encode input='\S*/dirty.mp4'.*1 of the 2")
    refused(small_streets.folder, "val/videos/00000.mp4 is a video of val")
    with pytest.raises(BadData, match=r"unlabelled_videos=.*pixels=decoded"):
        module(small_streets, tmp_path, pixels="original")


def test_a_folder_that_is_not_used_is_said(small_streets: Streets, caplog):
    module(small_streets, Path("films"), unlabelled_batch_size=0)  # as in some rows of a sweep
    assert "unlabelled_videos=films" in caplog.text
    assert "unlabelled_batch_size=0" in caplog.text


def test_the_folder_is_not_needed_to_evaluate(small_streets: Streets):
    loader = module(small_streets, Path("gone")).val_dataloader()
    assert next(iter(loader)).images.shape[-2:] == SIZE


def test_labels_are_still_read(videos: Path, small_streets: Streets, tmp_path: Path):
    shutil.copytree(small_streets.folder, tmp_path / small_streets.folder.name)
    streets = replace(small_streets, root=tmp_path)
    for label in (streets.folder / "train/labels").glob("*/000006.png"):
        write(label, np.full(SIZE, 2, np.uint8))
    (batch,) = batches(module(streets, videos), 1)
    assert (batch.labels[:2] == 2).all()


@pytest.mark.filterwarnings("ignore:.*does not have many workers")  # one is enough here
@pytest.mark.filterwarnings("ignore:.*LeafSpec")  # Lightning's own use of torch
@pytest.mark.filterwarnings("ignore:Found .* in eval mode")  # the teacher
def test_the_teachers_terms_learn_of_it_and_those_of_labels_do_not(
    bands: Path, videos: Path, tmp_path: Path
):
    chosen = [
        *settings(bands, tmp_path), "loss=[segmentation,pixelwise]",
        *(f"data.unlabelled_videos={videos}", "data.unlabelled_batch_size=3", "teacher=hrnet"),
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
        assert learns.tolist() == [number < count for number in range(5)]
    folder = run(*chosen)
    assert (folder / "metrics.json").is_file()
