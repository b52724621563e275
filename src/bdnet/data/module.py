"""The one LightningDataModule: loaders of clips for any data set."""

import logging
from collections.abc import Iterator
from typing import Any

import cv2
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from bdnet.clip import Clip
from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.data.catalogue import catalogue
from bdnet.data.clips import Clips, Images, Mode, Pixels, offsets
from bdnet.data.errors import BadData
from bdnet.data.sampler import OffsetBatches, TrainingSampler
from bdnet.data.transforms import JointTransform

log = logging.getLogger(__name__)

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, on which backbones are pre-trained
DEVIATION = (0.229, 0.224, 0.225)


class ClipDataModule(LightningDataModule):
    """Clips of a data set, read from its compressed videos.

    interval: k; offsets are 0..k-1
    mode:     chain (any frame can be the network's keyframe) or gop (only the codec's own)
    pixels:   decoded frames of the video, or the original images that it was made from
    images:   the two ends of a clip, or all its frames
    stride:   evaluation uses every so manieth labelled frame

    Evaluation goes over the same targets at each offset, one offset per batch; in mode gop a target
    has one offset, so each offset has its own targets.
    """

    def __init__(
        self,
        dataset: ClipDataset,
        interval: int = 5,
        batch_size: int = 8,
        mode: Mode = "chain",
        pixels: Pixels = "decoded",
        images: Images = "ends",
        stride: int = 1,
        augmentation: JointTransform | None = None,
        workers: int = 2,
        prefetch: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name, value, least in (
            ("interval", interval, 1), ("batch_size", batch_size, 1), ("stride", stride, 1),
            ("workers", workers, 0), ("prefetch", prefetch, 1),
        ):  # fmt: skip
            if value < least:
                raise BadData(f"{name}={value}: at least {least}")
        for name, choice, known in (
            ("mode", mode, ("chain", "gop")),
            ("pixels", pixels, ("decoded", "original")),
            ("images", images, ("ends", "all")),
        ):
            if choice not in known:
                raise BadData(f"{name}={choice}: say {' or '.join(known)}")
        self.dataset, self.interval, self.batch_size = dataset, interval, batch_size
        self.mode, self.pixels, self.images, self.stride = mode, pixels, images, stride
        self.augmentation, self.workers, self.prefetch = augmentation, workers, prefetch
        self.seed = seed

    def prepare_data(self) -> None:
        self.dataset.prepare()

    def train_dataloader(self) -> DataLoader[Clip]:
        samples, reach = self._reach("train")
        if self.mode == "chain" and max(map(len, reach)) < self.interval:
            raise self._too_far("train", self.interval - 1)
        chosen = [place for place, each in enumerate(reach) if each]
        clips = self._clips([samples[place] for place in chosen], self.augmentation)
        drawn = [reach[place] for place in chosen]
        sampler = TrainingSampler(drawn, self.seed, *self._process())
        if len(sampler) < self.batch_size:
            raise BadData(
                f"batch_size={self.batch_size}: there are only {len(sampler)} training clips for "
                "this process; use more clips or a smaller batch"
            )
        return self._loader(clips, batch_size=self.batch_size, sampler=sampler, drop_last=True)

    def val_dataloader(self) -> DataLoader[Clip]:
        return self._evaluation("val")

    def test_dataloader(self) -> DataLoader[Clip]:
        return self._evaluation("test")

    def predict_dataloader(self) -> DataLoader[Clip]:
        return self._evaluation("predict")

    def on_after_batch_transfer(self, batch: Clip, dataloader_idx: int) -> Clip:  # noqa: ARG002
        return normalise(batch)

    def evaluation_clips(self, split: Split) -> tuple[Clips, OffsetBatches]:
        """The clips of a split, and the batches in which this process evaluates them."""
        samples, reach = self._reach(split)
        by_offset: dict[int, list[int]] = {offset: [] for offset in range(self.interval)}
        for place, each in enumerate(reach):
            if self.mode == "gop" or len(each) == self.interval:
                for offset in each:
                    by_offset[offset].append(place)
        by_offset = {offset: places[:: self.stride] for offset, places in by_offset.items()}
        lacking = [offset for offset, places in by_offset.items() if not places]
        if lacking:
            raise self._too_far(split, lacking[-1])
        batches = OffsetBatches(by_offset, self.batch_size, *self._process())
        return self._clips(samples, None), batches

    def _evaluation(self, split: Split) -> DataLoader[Clip]:
        clips, batches = self.evaluation_clips(split)
        return self._loader(clips, batch_sampler=batches)

    def _reach(self, split: Split) -> tuple[list[Sample], list[tuple[int, ...]]]:
        """The samples of a split, and the offsets at which each has a keyframe."""
        samples = self.dataset.samples(split)
        if not samples:
            raise BadData(f"no sample in split {split} of {type(self.dataset).__name__}")
        entries = catalogue((sample.video for sample in samples), self.dataset.store)
        return samples, [
            offsets(entries[sample.video], sample.target, self.interval, self.mode)
            for sample in samples
        ]

    def _too_far(self, split: Split, offset: int) -> BadData:
        return BadData(
            f"interval={self.interval}: no labelled frame of {split} lies {offset} frames after a "
            "codec keyframe; use a smaller interval, or encode the videos with a longer one "
            "(python -m bdnet.encode)"
        )

    def _clips(self, samples: list[Sample], transform: JointTransform | None) -> Clips:
        return Clips(self.dataset, samples, self.interval, self.pixels, self.images, transform)

    def _process(self) -> tuple[int, int]:
        trainer = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer is not None else (0, 1)

    def _loader(self, clips: Clips, **settings: Any) -> DataLoader[Clip]:
        parallel: dict[str, Any] = (
            {"persistent_workers": True, "prefetch_factor": self.prefetch} if self.workers else {}
        )
        return DataLoader(
            clips,
            num_workers=self.workers,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=one_thread,
            **parallel,
            **settings,
        )


def normalise(batch: Clip) -> Clip:
    """The same batch with its images as float32, normalised by ImageNet's statistics."""
    return batch._replace(images=normalise_images(batch.images))


def denormalise(batch: Clip) -> Clip:
    """The reverse of `normalise`: the same clip or batch with its images as uint8."""
    mean, deviation = _statistics(batch.images)
    images = (batch.images * deviation + mean).round().clamp(0, 255)
    return batch._replace(images=images.to(torch.uint8))


def normalise_images(images: Tensor) -> Tensor:
    """uint8 RGB [..., 3, H, W] -> float32, normalised by ImageNet's statistics."""
    mean, deviation = _statistics(images)
    return (images - mean) / deviation


def _statistics(images: Tensor) -> Iterator[Tensor]:
    """Mean and deviation [3, 1, 1] of the values 0..255."""
    for each in (MEAN, DEVIATION):
        yield torch.tensor(each, device=images.device).view(3, 1, 1) * 255


def one_thread(_: int) -> None:
    """In a worker process: the workers are the parallelism."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
