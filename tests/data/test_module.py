"""The DataModule: what its loaders give is what the compressed video holds."""

import collections
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from bdnet.codec import VideoReader
from bdnet.data.base import labelled_frames, videos_in
from bdnet.data.errors import BadData
from bdnet.data.module import ClipDataModule
from bdnet.data.normalisation import MEAN, STD
from bdnet.data.streets.dataset import Streets
from bdnet.data.transforms import Flip, JointTransform
from bdnet.types import Clip
from trees import Numbered, batches, read, same, write


def test_training_clips_are_what_the_video_holds(small_streets: Streets):
    (batch,) = batches(small_streets, "train", interval=4, batch_size=3, labelled_frame=6)
    assert batch.images.shape == (3, 2, 3, 64, 96)
    assert batch.images.dtype == torch.uint8
    assert batch.motion.shape == (3, 3, 2, 8, 12)
    assert batch.valid.dtype == torch.bool
    assert batch.labels.dtype == torch.int64
    matches = 0
    for clip in (Clip(*parts) for parts in zip(*batch, strict=True)):
        for video in videos_in(small_streets.folder / "train"):
            offset = int(clip.offset)
            with VideoReader(video, "all") as reader:
                frames = reader.clip(6, offset)
            if not np.array_equal(frames[-1].image, clip.images[1].permute(1, 2, 0)):
                continue
            matches += 1
            assert np.array_equal(frames[0].image, clip.images[0].permute(1, 2, 0))
            for step, frame in enumerate(frames[1:], 3 - offset):
                assert np.array_equal(frame.motion, clip.motion[step])
                assert np.array_equal(frame.valid, clip.valid[step])
            assert not clip.motion[: 3 - offset].any()
            assert clip.valid[: 3 - offset].all()
            label = labelled_frames(small_streets.folder / "train/labels" / video.stem)[6]
            assert np.array_equal(read(label), clip.labels)
    assert matches == 3


def test_workers_and_restarts_change_nothing_and_seeds_and_epochs_do(small_streets: Streets):
    def draw(seed: int, epoch: int, workers: int) -> Clip:
        return list(
            batches(
                small_streets, "train", epoch + 1, interval=4, batch_size=3, workers=workers,
                seed=seed, labelled_frame=6, augmentation=JointTransform([Flip()]),
            )
        )[epoch]  # fmt: skip

    expected = draw(seed=1, epoch=2, workers=0)
    assert same(draw(1, 2, workers=0), expected)
    assert same(draw(1, 2, workers=2), expected)
    assert not same(draw(1, 3, workers=0), expected)
    assert not same(draw(2, 2, workers=0), expected)


@pytest.mark.filterwarnings("ignore:.*does not have many workers")  # one is enough here
@pytest.mark.filterwarnings("ignore:.*LeafSpec")  # Lightning's own use of torch
def test_lightning_moves_the_epoch_on_with_persistent_workers(small_streets: Streets):
    seen: list[tuple[int, ...]] = []

    class Watch(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def training_step(self, batch: Clip, _: int) -> torch.Tensor:
            assert batch.images.dtype == torch.float32
            seen.append((*batch.offset.tolist(), int(batch.labels.sum())))
            return self.weight.sum()

        def validation_step(self, batch: Clip, _: int) -> None:
            assert batch.images.dtype == torch.float32

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD([self.weight], lr=0.1)

    trainer = pl.Trainer(
        max_epochs=4, accelerator="cpu", logger=False, enable_checkpointing=False,
        num_sanity_val_steps=0, limit_val_batches=1,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    module = ClipDataModule(small_streets, interval=7, batch_size=1, workers=1, labelled_frame=6)
    trainer.fit(Watch(), datamodule=module)
    assert len(seen) == 12
    epochs = [seen[start : start + 3] for start in range(0, 12, 3)]
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert len({frozenset(labels for *_, labels in epoch) for epoch in epochs}) == 1


def test_images_are_normalised_once_on_the_device(small_streets: Streets):
    module = ClipDataModule(small_streets, interval=2, batch_size=2, workers=0)
    batch = next(iter(module.train_dataloader()))
    images = module.on_after_batch_transfer(batch, 0).images
    back = images * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)
    assert torch.allclose(back * 255, batch.images.float(), atol=1e-3)


def test_evaluation_goes_over_the_same_targets_at_every_offset(small_streets: Streets):
    settings = {"interval": 3, "batch_size": 4}
    targets = collections.defaultdict(list)
    for batch in batches(small_streets, "val", **settings):
        (offset,) = set(batch.offset.tolist())
        targets[offset] += [image.numpy().tobytes() for image in batch.images[:, 1]]
    assert list(targets) == [0, 1, 2]
    # frames 0 and 1 of both clips have no keyframe two frames before them
    assert len(targets[0]) == 2 * 6
    assert targets[0] == targets[1] == targets[2]
    every_fifth = batches(small_streets, "val", **settings, evaluate_every=5)
    assert sum(len(batch.offset) for batch in every_fifth) == 3 * 3


def test_the_codecs_own_keyframes(tmp_path: Path):
    offsets = {}
    for batch in batches(Numbered(tmp_path, 4), "test", interval=4, keyframes="codec"):
        for offset, labels in zip(batch.offset, batch.labels, strict=True):
            offsets[int(labels[0, 0])] = int(offset)
    assert offsets == {target: target % 4 for target in range(12)}


def test_offsets_do_not_reach_beyond_the_codecs_keyframe(tmp_path: Path):
    dataset = Numbered(tmp_path, 4)
    targets = [
        int(labels[0, 0]) for batch in batches(dataset, "test", interval=4) for labels in batch[3]
    ]
    assert targets == [3, 7, 11] * 4
    with pytest.raises(BadData, match=r"interval=5: .* of test"):
        batches(dataset, "test", interval=5)


def test_pixels_can_come_from_the_original_images(tmp_path: Path):
    dataset = Numbered(tmp_path, 4)
    settings = {"interval": 4, "batch_size": 1}
    pairs = zip(
        batches(dataset, "test", pixels="original", **settings),
        batches(dataset, "test", **settings),
        strict=True,
    )
    for original, decoded in pairs:
        assert torch.equal(original.motion, decoded.motion)
        assert not torch.equal(original.images, decoded.images)
        target = int(original.labels[0, 0, 0])
        for image, index in zip(
            original.images[0], (target - int(original.offset), target), strict=True
        ):
            path = dataset.content[0].originals[index]
            assert np.array_equal(image.permute(1, 2, 0), read(path)[:, :, ::-1])
    dataset.content = [sample._replace(originals=None) for sample in dataset.content]
    with pytest.raises(BadData, match="pixels=original"):
        next(batches(dataset, "test", pixels="original", **settings))
    with pytest.raises(BadData, match="pixels=original"):  # before any clip is read
        ClipDataModule(dataset, pixels="original", interval=3).test_dataloader()


def test_all_images_repeat_the_keyframe_in_front(tmp_path: Path):
    dataset = Numbered(tmp_path, 4)
    with VideoReader(dataset.content[0].video, "all") as reader:
        frames = [torch.from_numpy(frame.image).permute(2, 0, 1) for frame in reader]
    for batch in batches(dataset, "test", interval=4, batch_size=1, images="all"):
        target, offset = int(batch.labels[0, 0, 0]), int(batch.offset)
        expected = [frames[max(target - offset, target - back)] for back in (3, 2, 1, 0)]
        assert torch.equal(batch.images[0], torch.stack(expected))


def test_training_may_keep_to_the_last_offset(small_streets: Streets):
    data = ClipDataModule(
        small_streets, interval=4, batch_size=2, offsets="last", labelled_frame=5,
        unlabelled_batch_size=2, workers=0,
    )  # fmt: skip
    batch = next(iter(data.train_dataloader()))
    assert batch.offset.tolist() == [3] * 4
    evaluated = torch.cat([clips.offset for clips in data.val_dataloader()])
    assert evaluated.unique().tolist() == [0, 1, 2, 3]


def test_unlabelled_targets_are_void(small_streets: Streets):
    predicted = list(batches(small_streets, "predict", interval=2, batch_size=4))
    assert sum(len(batch.offset) for batch in predicted) == 2 * 7
    assert all((batch.labels == 255).all() for batch in predicted)


def test_unlabelled_clips_come_after_the_labelled_ones(small_streets: Streets):
    settings = {"interval": 3, "labelled_frame": 6, "seed": 4}
    seen = set()
    labelled = batches(small_streets, "train", 6, **settings)
    joint = list(batches(small_streets, "train", 6, **settings, unlabelled_batch_size=2))
    for plain, both in zip(labelled, joint, strict=True):
        assert len(plain.offset) == 2
        assert len(both.offset) == 4
        assert same(plain, Clip(*(part[:2] for part in both)))  # labelled clips stay the same
        assert (both.labels[2:] == 255).all()
        assert not (both.labels[:2] == 255).all((1, 2)).any()
        seen |= {image.numpy().tobytes() for image in both.images[2:, 1]}
    assert len(seen) == 12  # of 21 frames, none twice
    module = ClipDataModule(small_streets, batch_size=2, **settings, unlabelled_batch_size=2)
    frames = [name.split()[2] for name in module.training_names(0)]
    assert [frame == "6" for frame in frames] == [True, True, False, False]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"interval": 8, "labelled_frame": 6}, "interval=8: .* of train lies 7 frames"),
        ({"unlabelled_batch_size": 1}, "unlabelled_batch_size"),
        ({"labelled_frame": 99}, "labelled_frame=99"),
        ({"batch_size": 4, "labelled_frame": 6}, "batch_size=4: .* 3"),
    ],
)
def test_training_clips_that_do_not_exist_are_refused(settings, message, small_streets: Streets):
    with pytest.raises(BadData, match=message):
        batches(small_streets, "train", **{"interval": 3, **settings})


@pytest.mark.parametrize(
    "setting",
    [
        *({"interval": 0}, {"interval": "five"}, {"batch_size": 2.5}, {"evaluate_every": 0}),
        *({"workers": -1}, {"prefetch": True}, {"unlabelled_batch_size": -1}, {"seed": None}),
        *({"labelled_frame": -1}, {"keyframes": "jump"}, {"pixels": "raw"}, {"images": "some"}),
        *({"offsets": "first"}, {"on_bad_sample": "ignore"}, {"bad_samples_at_most": 5}),
    ],
    ids=str,
)
def test_settings_that_mean_nothing_are_refused(small_streets: Streets, setting: dict):
    ((name, value),) = setting.items()
    with pytest.raises(BadData, match=f"{name}={value}: "):
        ClipDataModule(small_streets, **setting)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.full((64, 96), 99, np.uint8), r"unknown label values \[99\]"),
        (np.zeros((64, 64), np.uint8), "is 64x64 .* is 64x96"),
        (np.zeros((64, 96, 3), np.uint8), r"uint8 \[64, 96, 3\]"),
        (None, "not an image"),
    ],
)
def test_a_bad_label_is_named(small_streets: Streets, content, message: str, tmp_path: Path):
    shutil.copytree(small_streets.folder, tmp_path / small_streets.folder.name)
    streets = replace(small_streets, root=tmp_path)
    label = streets.folder / "train/labels/00001/000006.png"
    if content is None:
        label.write_bytes(b"torn")
    else:
        write(label, content)
    with pytest.raises(BadData, match=rf"00001/000006\.png.*{message}"):
        list(batches(streets, "train", interval=2, batch_size=3, labelled_frame=6))
