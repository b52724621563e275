"""The DataModule: what its loaders give is what the compressed video holds."""

import collections
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from bdnet.codec import Encoding, VideoReader, VideoWriter
from bdnet.data.base import ClipDataset, Sample, Split, labelled_frames, videos_in
from bdnet.data.classes import Classes
from bdnet.data.errors import BadData
from bdnet.data.module import ClipDataModule
from bdnet.data.normalisation import MEAN, STD
from bdnet.data.streets.dataset import Streets
from bdnet.data.transforms import Flip, JointTransform
from bdnet.types import Clip


def batches(loader: DataLoader, epoch: int = 0) -> list[Clip]:
    if hasattr(loader.batch_sampler, "set_epoch"):
        loader.batch_sampler.set_epoch(epoch)
    return list(loader)


def same(one: Clip, other: Clip) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


class Gop(ClipDataset):
    """One clip of 12 frames with keyframes 0, 4 and 8, every frame labelled by its number."""

    classes = Classes(tuple(map(str, range(12))), ((0, 0, 0),) * 12)

    def __init__(self, root: Path, originals: bool = False) -> None:
        self.video = root / "clip.mp4"
        self.images = [root / f"{index}.png" for index in range(12)]
        self.originals = self.images if originals else None
        rng = np.random.default_rng(0)
        picture = cv2.GaussianBlur(rng.integers(0, 255, (64, 96, 3), np.uint8), (0, 0), 2)
        with VideoWriter(self.video, encoding=Encoding(interval=4)) as writer:
            for index, path in enumerate(self.images):
                image = np.roll(picture, -index, 1)
                writer.write(image)
                assert cv2.imwrite(str(path), image[:, :, ::-1])
                label = np.full((64, 96), index, np.uint8)
                assert cv2.imwrite(str(path.with_suffix(".bmp")), label)

    def samples(self, split: Split) -> list[Sample]:  # noqa: ARG002
        return [
            Sample(self.video, index, path.with_suffix(".bmp"), self.originals)
            for index, path in enumerate(self.images)
        ]


def testtraining_clips_are_what_the_video_holds(small_streets: Streets):
    module = ClipDataModule(small_streets, interval=4, batch_size=3, workers=0, labelled_frame=6)
    (batch,) = batches(module.train_dataloader())
    assert batch.images.shape == (3, 2, 3, 64, 96)
    assert batch.images.dtype == torch.uint8
    assert batch.motion.shape == (3, 3, 2, 8, 12)
    assert batch.valid.dtype == torch.bool
    assert batch.labels.dtype == torch.int64
    found = 0
    for clip in (Clip(*parts) for parts in zip(*batch, strict=True)):
        for video in videos_in(small_streets.folder / "train"):
            offset = int(clip.offset)
            with VideoReader(video, "all") as reader:
                frames = reader.clip(6, offset)
            if not np.array_equal(frames[-1].image, clip.images[1].permute(1, 2, 0)):
                continue
            found += 1
            assert np.array_equal(frames[0].image, clip.images[0].permute(1, 2, 0))
            for step, frame in enumerate(frames[1:], 3 - offset):
                assert np.array_equal(frame.motion, clip.motion[step])
                assert np.array_equal(frame.valid, clip.valid[step])
            assert not clip.motion[: 3 - offset].any()
            assert clip.valid[: 3 - offset].all()
            label = labelled_frames(small_streets.folder / "train/labels" / video.stem)[6]
            assert np.array_equal(cv2.imread(str(label), cv2.IMREAD_UNCHANGED), clip.labels)
    assert found == 3


def test_workers_and_restarts_change_nothing_and_seeds_and_epochs_do(small_streets: Streets):
    def draw(seed: int, epoch: int, workers: int) -> Clip:
        module = ClipDataModule(
            small_streets, interval=4, batch_size=3, workers=workers, seed=seed, labelled_frame=6,
            augmentation=JointTransform([Flip()]),
        )  # fmt: skip
        (batch,) = batches(module.train_dataloader(), epoch)
        return batch

    wanted = draw(seed=1, epoch=2, workers=0)
    assert same(draw(1, 2, workers=0), wanted)
    assert same(draw(1, 2, workers=2), wanted)
    assert not same(draw(1, 3, workers=0), wanted)
    assert not same(draw(2, 2, workers=0), wanted)


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
    (batch,) = batches(module.train_dataloader())[:1]
    moved = module.on_after_batch_transfer(batch, 0)
    back = moved.images * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)
    assert torch.allclose(back * 255, batch.images.float(), atol=1e-3)


def test_evaluation_goes_over_the_same_targets_at_every_offset(small_streets: Streets):
    module = ClipDataModule(small_streets, interval=3, batch_size=4, workers=0)
    targets = collections.defaultdict(list)
    for batch in batches(module.val_dataloader()):
        (offset,) = set(batch.offset.tolist())
        targets[offset] += [image.numpy().tobytes() for image in batch.images[:, 1]]
    assert list(targets) == [0, 1, 2]
    # frames 0 and 1 of both clips have no keyframe two frames before them
    assert len(targets[0]) == 2 * 6
    assert targets[0] == targets[1] == targets[2]
    strided = ClipDataModule(small_streets, interval=3, batch_size=4, workers=0, evaluate_every=5)
    assert sum(len(batch.offset) for batch in batches(strided.val_dataloader())) == 3 * 3


def test_gop_mode_takes_the_codecs_own_keyframes(tmp_path: Path):
    module = ClipDataModule(Gop(tmp_path), interval=4, batch_size=2, workers=0, keyframes="codec")
    seen = {}
    for batch in batches(module.test_dataloader()[0]):
        for offset, labels in zip(batch.offset, batch.labels, strict=True):
            seen[int(labels[0, 0])] = int(offset)
    assert seen == {target: target % 4 for target in range(12)}


def test_chain_mode_reaches_back_to_the_codecs_keyframe_and_no_further(tmp_path: Path):
    module = ClipDataModule(Gop(tmp_path), interval=4, batch_size=2, workers=0)
    targets = [
        int(each[0, 0]) for batch in batches(module.test_dataloader()[0]) for each in batch.labels
    ]
    assert targets == [3, 7, 11] * 4
    too_far = ClipDataModule(Gop(tmp_path), interval=5, batch_size=2, workers=0)
    with pytest.raises(BadData, match=r"interval=5: no labelled frame of test lies 4 frames after"):
        too_far.test_dataloader()


def test_pixels_can_come_from_the_original_images(tmp_path: Path):
    dataset = Gop(tmp_path, originals=True)
    settings = {"interval": 4, "batch_size": 1, "workers": 0}
    original = batches(ClipDataModule(dataset, pixels="original", **settings).test_dataloader()[0])
    decoded = batches(ClipDataModule(dataset, **settings).test_dataloader()[0])
    for one, other in zip(original, decoded, strict=True):
        assert torch.equal(one.motion, other.motion)
        assert not torch.equal(one.images, other.images)
        target, offset = int(one.labels[0, 0, 0]), int(one.offset)
        for place, index in ((0, target - offset), (1, target)):
            image = cv2.imread(str(dataset.images[index]))[:, :, ::-1]
            assert np.array_equal(one.images[0, place].permute(1, 2, 0), image)
    dataset.originals = None
    with pytest.raises(BadData, match="pixels=original, but the images that it was made from"):
        batches(ClipDataModule(dataset, pixels="original", **settings).test_dataloader()[0])


def test_all_images_repeat_the_keyframe_in_front(tmp_path: Path):
    module = ClipDataModule(Gop(tmp_path), interval=4, batch_size=1, workers=0, images="all")
    with VideoReader(tmp_path / "clip.mp4", "all") as reader:
        frames = [torch.from_numpy(frame.image).permute(2, 0, 1) for frame in reader]
    for batch in batches(module.test_dataloader()[0]):
        target, offset = int(batch.labels[0, 0, 0]), int(batch.offset)
        wanted = [frames[max(target - offset, target - back)] for back in (3, 2, 1, 0)]
        assert torch.equal(batch.images[0], torch.stack(wanted))


def test_training_may_keep_to_the_last_offset(small_streets: Streets):
    data = ClipDataModule(
        small_streets,
        interval=4,
        batch_size=2,
        offsets="last",
        labelled_frame=5,
        unlabelled_batch_size=2,
        workers=0,
    )
    batch = next(iter(data.train_dataloader()))
    assert batch.offset.tolist() == [3] * 4
    evaluated = torch.cat([each.offset for each in data.val_dataloader()])
    assert evaluated.unique().tolist() == [0, 1, 2, 3]
    with pytest.raises(BadData, match=r"offsets=first: say all or last"):
        ClipDataModule(small_streets, offsets="first")  # type: ignore[arg-type]


def test_an_interval_that_no_training_clip_reaches_is_refused(small_streets: Streets):
    settings = {"batch_size": 1, "labelled_frame": 6}
    assert ClipDataModule(small_streets, interval=7, **settings).train_dataloader()
    module = ClipDataModule(small_streets, interval=8, **settings)
    with pytest.raises(BadData, match="interval=8: no labelled frame of train lies 7 frames after"):
        module.train_dataloader()


def test_unlabelled_targets_are_void(small_streets: Streets):
    module = ClipDataModule(small_streets, interval=2, batch_size=4, workers=0)
    found = batches(module.predict_dataloader())
    assert sum(len(batch.offset) for batch in found) == 2 * 7
    assert all((batch.labels == 255).all() for batch in found)


def test_unlabelled_clips_come_after_the_labelled_ones(small_streets: Streets):
    settings = {"interval": 3, "batch_size": 2, "workers": 0, "labelled_frame": 6, "seed": 4}
    plain = ClipDataModule(small_streets, **settings)
    both = ClipDataModule(small_streets, unlabelled_batch_size=2, **settings)
    seen = set()
    for epoch in range(6):
        (alone,), (joint,) = (batches(each.train_dataloader(), epoch) for each in (plain, both))
        assert len(alone.offset) == 2
        assert len(joint.offset) == 4
        assert same(alone, Clip(*(each[:2] for each in joint)))  # what teaches stays the same
        assert (joint.labels[2:] == 255).all()
        assert not (joint.labels[:2] == 255).all((1, 2)).any()
        seen |= {each.numpy().tobytes() for each in joint.images[2:, 1]}
    assert len(seen) == 12  # of 21 frames, none twice
    names = both.training_names(0)
    assert [name.split()[2] == "6" for name in names[:2]] == [True] * 2
    assert [name.split()[2] == "6" for name in names[2:]] == [False] * 2


def test_unlabelled_clips_where_every_frame_has_a_label_are_refused(small_streets: Streets):
    module = ClipDataModule(small_streets, interval=3, batch_size=2, unlabelled_batch_size=1)
    with pytest.raises(BadData, match="unlabelled_batch_size"):
        module.train_dataloader()
    module = ClipDataModule(small_streets, interval=3, batch_size=2, labelled_frame=99)
    with pytest.raises(BadData, match="labelled_frame=99"):
        module.train_dataloader()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"interval": 0}, "interval=0"),
        ({"keyframes": "jump"}, "keyframes=jump: say any or codec"),
        ({"pixels": "raw"}, "pixels=raw: say decoded or original"),
        ({"workers": -1}, "workers=-1"),
        ({"unlabelled_batch_size": -1}, "unlabelled_batch_size=-1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    small_streets: Streets, setting: dict, message: str
):
    with pytest.raises(BadData, match=message):
        ClipDataModule(small_streets, **setting)


def test_bad_files_are_named_with_the_remedy(small_streets: Streets, tmp_path: Path):
    shutil.copytree(small_streets.folder, tmp_path / small_streets.folder.name)
    streets = replace(small_streets, root=tmp_path)
    module = ClipDataModule(streets, interval=2, batch_size=3, workers=0, labelled_frame=6)
    label = streets.folder / "train/labels/00001/000006.png"
    for content, message in (
        (np.full((64, 96), 99, np.uint8), r"000006\.png: unknown label values \[99\]"),
        (np.zeros((64, 64), np.uint8), r"is 64x64 .* is 64x96; encode the video, or"),
        (np.zeros((64, 96, 3), np.uint8), r"uint8 \[64, 96, 3\] is no label image"),
    ):
        assert cv2.imwrite(str(label), content)
        with pytest.raises(BadData, match=message):
            batches(module.train_dataloader())
    label.write_bytes(b"torn")
    with pytest.raises(BadData, match=r"000006\.png: missing, or not an image"):
        batches(module.train_dataloader())
    with pytest.raises(BadData, match="batch_size=4: there are only 3 training clips"):
        ClipDataModule(streets, 2, batch_size=4, workers=0, labelled_frame=6).train_dataloader()
