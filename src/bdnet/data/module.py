"""The one LightningDataModule: loaders of clips for any data set."""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from pytorch_lightning import LightningDataModule
from torch.utils.data import Dataset

from bdnet.codec import VideoReader
from bdnet.data.bad_samples import BadSamples, OnBadSample, Replaced
from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.data.clips import ClipImages, Clips, PixelSource
from bdnet.data.errors import BadData
from bdnet.data.loading import Attempts, Loader, Read, loader
from bdnet.data.normalisation import Pictured, normalise
from bdnet.data.offsets import (
    Keyframes,
    OffsetIndex,
    Offsets,
    by_offset,
    index_offsets,
    samples_of,
    unlabelled,
)
from bdnet.data.planned import too_far, too_few
from bdnet.data.sampler import Kind, OffsetBatches, TrainingBatches, drawn_from
from bdnet.data.transforms import JointTransform
from bdnet.data.unlabelled import extra_samples
from bdnet.data.video_segments import VideoSegments
from bdnet.types import Clip

log = logging.getLogger(__name__)


class ClipDataModule(LightningDataModule):
    """Clips of a data set, read from its compressed videos.

    interval: k; offsets are 0..k-1
    keyframes: any (each frame can be the network's keyframe) or codec (only the codec's own)
    pixels:   decoded frames of the video, or the original images that it was made from
    images:   the two ends of a clip, or all its frames
    offsets:  of training clips: all of 0..k-1, or the last, k-1, alone
    evaluate_every: evaluation uses every n-th labelled frame
    labelled_frame: the one frame of each training video whose label is used; None uses all
    unlabelled_batch_size: further clips in each training batch, whose targets have no label: the
              teacher's terms learn from them
    unlabelled_videos: folder of videos without labels that these clips come from; None takes the
              training videos
    on_bad_sample: what a training clip that cannot be read does: raise an error, or skip to another
    bad_samples_at_most: the share of the training clips that may be skipped
    tested:   the split that `test_dataloader` is of

    Evaluation goes over the same targets at each offset, one offset per batch; with keyframes=codec
    a target has one offset, so each offset has its own targets. It skips nothing: its numbers would
    be of other data.
    """

    def __init__(
        self,
        dataset: ClipDataset,
        interval: int = 5,
        batch_size: int = 8,
        keyframes: Keyframes = "any",
        pixels: PixelSource = "decoded",
        images: ClipImages = "ends",
        offsets: Offsets = "all",
        evaluate_every: int = 1,
        labelled_frame: int | None = None,
        unlabelled_batch_size: int = 0,
        unlabelled_videos: str | None = None,
        augmentation: JointTransform | None = None,
        on_bad_sample: OnBadSample = "raise",
        bad_samples_at_most: float = 0.05,
        workers: int = 2,
        prefetch: int = 2,
        seed: int = 0,
        tested: Split = "test",
    ) -> None:
        super().__init__()
        for name, value, least in (
            ("interval", interval, 1), ("batch_size", batch_size, 1),
            ("evaluate_every", evaluate_every, 1), ("workers", workers, 0),
            ("unlabelled_batch_size", unlabelled_batch_size, 0), ("prefetch", prefetch, 1),
        ):  # fmt: skip
            if value < least:
                raise BadData(f"{name}={value}: at least {least}")
        for name, choice, known in (
            ("keyframes", keyframes, ("any", "codec")),
            ("pixels", pixels, ("decoded", "original")),
            ("images", images, ("ends", "all")),
            ("offsets", offsets, ("all", "last")),
            ("on_bad_sample", on_bad_sample, ("raise", "skip")),
        ):
            if choice not in known:
                raise BadData(f"{name}={choice}: say {' or '.join(known)}")
        if unlabelled_videos is not None and pixels == "original":
            raise BadData(
                f"unlabelled_videos={unlabelled_videos}: the images that its videos were made from "
                "are not known; say pixels=decoded"
            )
        if unlabelled_videos is not None and not unlabelled_batch_size:
            log.warning(
                "unlabelled_videos=%s: nothing is drawn of it with unlabelled_batch_size=0",
                unlabelled_videos,
            )  # fmt: skip
        self.dataset, self.interval, self.batch_size = dataset, interval, batch_size
        self.keyframes, self.pixels, self.images = keyframes, pixels, images
        self.evaluate_every = evaluate_every
        self.offsets, self.labelled_frame = offsets, labelled_frame
        self.unlabelled_batch_size = unlabelled_batch_size
        self.unlabelled_videos = unlabelled_videos
        self.augmentation, self.workers, self.prefetch = augmentation, workers, prefetch
        self.seed = seed
        self.skips, self.bad_samples = on_bad_sample == "skip", BadSamples(bad_samples_at_most)
        self.tested = tested
        self.allow_zero_length_dataloader_with_multiple_devices = (
            True  # fewer segments than processes
        )

    def check_planned_videos(self) -> None:
        """Refuses what cannot be trained on, as far as it shows before the data are made."""
        planned = self.dataset.planned_videos()
        if planned is not None:
            planned.check(self.interval, self.batch_size, self.labelled_frame, self.keyframes)
            if self.augmentation is not None:
                self.augmentation.check_fit((planned.height, planned.width))

    def prepare_data(self) -> None:
        self.dataset.prepare()

    def train_dataloader(self) -> Loader:
        """Batches for as many steps as the trainer makes, from the one on at which it stands.

        Without a trainer, or one that counts epochs: one pass over the labelled clips.
        """
        clips, kinds = self._training_clips()
        rank, world = self._process()
        draws, size = kinds[0]
        if len(draws) < size * world:
            raise too_few(self.batch_size, len(draws) // world)
        batches = TrainingBatches(kinds, *self._steps(), rank, world)
        items = Replaced(clips, kinds) if self.skips else Attempts(clips)
        found = self._loader(items, batch_sampler=batches)
        if self.skips:
            found.note = partial(self.bad_samples.note, clips.samples)
        return found

    def val_dataloader(self) -> Loader:
        return self._evaluation("val")

    def test_dataloader(self) -> list[Loader]:
        """Clips at every offset; and, where labels are dense, whole segments of video."""
        segments = self.video_segments(self.tested)
        as_video = [self._loader(Attempts(segments), batch_size=None)] if segments.exist else []
        return [self._evaluation(self.tested), *as_video]

    def predict_dataloader(self) -> Loader:
        return self._evaluation("predict")

    def on_after_batch_transfer(self, batch: Pictured, dataloader_idx: int) -> Pictured:  # noqa: ARG002
        return normalise(batch)

    def training_names(self, number: int) -> list[str]:
        """What is in a training batch of this process, counted from the beginning of training."""
        clips, kinds = self._training_clips()
        draws = TrainingBatches(kinds, 1, 0, *self._process()).batch(number)
        return [clips.name(draw) for draw in draws]

    def video_segments(self, split: Split) -> VideoSegments:
        """The densely labelled parts of a split that this process evaluates as video."""
        rank, world = self._process()
        return VideoSegments(self.dataset, self.dataset.samples(split), self.interval, rank, world)

    def count_targets(self, split: Split) -> int:
        """How many frames of a split all processes together evaluate at offset 0."""
        found = self._reach(samples_of(self.dataset, split))
        return len(by_offset(found, split, self.interval, self.keyframes, self.evaluate_every)[0])

    def evaluation_clips(self, split: Split) -> tuple[Clips, OffsetBatches]:
        """The clips of a split, and the batches in which this process evaluates them."""
        found = self._reach(samples_of(self.dataset, split))
        chosen = by_offset(found, split, self.interval, self.keyframes, self.evaluate_every)
        batches = OffsetBatches(chosen, self.batch_size, *self._process())
        return self._clips(found.samples, None), batches

    def examples(self, split: Split, count: int) -> Iterator[Clip]:
        """Clips to look at: some of the largest offset, spread over the split."""
        clips, batches = self.evaluation_clips(split)
        draws = [draw for batch in batches for draw in batch]
        draws = [draw for draw in draws if draw.offset == draws[-1].offset]
        for place in np.linspace(0, len(draws) - 1, min(count, len(draws))).round().astype(int):
            yield clips[draws[place]]

    def _evaluation(self, split: Split) -> Loader:
        clips, batches = self.evaluation_clips(split)
        return self._loader(Attempts(clips), batch_sampler=batches)

    def state_dict(self) -> dict[str, Any]:
        return self.bad_samples.state()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.bad_samples.restore(state_dict)

    def _training_clips(self) -> tuple[Clips, list[Kind]]:
        """All training clips, and of each kind its draws and how many of them a batch has."""
        labelled = self._reach(samples_of(self.dataset, "train", self.labelled_frame), self.skips)
        if self.keyframes == "any" and max(map(len, labelled.offsets)) < self.interval:
            raise too_far("train", self.interval, self.interval - 1)
        parts = [(labelled, self.batch_size)]
        if self.unlabelled_batch_size:
            others = (
                unlabelled(self.dataset, labelled.samples, self.unlabelled_batch_size)
                if self.unlabelled_videos is None
                else extra_samples(self.unlabelled_videos, self.dataset, self.augmentation)
            )
            parts.append((self._reach(others, self.skips), self.unlabelled_batch_size))
        if self.skips:
            self.bad_samples.begin(found for found, _ in parts)
        if self.offsets == "last":
            parts = [(found.last(self.interval), size) for found, size in parts]
        if not all(any(found.offsets) for found, _ in parts):
            source = (
                "train"
                if self.unlabelled_videos is None
                else f"train or frame of unlabelled_videos={self.unlabelled_videos}"
            )
            raise too_far(source, self.interval, self.interval - 1)
        if self.augmentation is not None:
            place = next(place for place, some in enumerate(labelled.offsets) if some)
            with VideoReader(labelled.samples[place].video, "none", threads=1) as reader:
                self.augmentation.check_fit((reader.height, reader.width))
        samples, kinds = drawn_from(parts, self.seed)
        return self._clips(samples, self.augmentation), kinds

    def _steps(self) -> tuple[int | None, int]:
        """(batches of the whole training or None, batches done)."""
        trainer = self.trainer
        if trainer is None or trainer.max_steps < 0:
            return None, 0
        each = trainer.accumulate_grad_batches
        return trainer.max_steps * each, trainer.global_step * each

    def _reach(self, samples: list[Sample], skips: bool = False) -> OffsetIndex:
        return index_offsets(self.dataset, samples, self.interval, self.keyframes, skips)

    def _clips(self, samples: list[Sample], transform: JointTransform | None) -> Clips:
        return Clips(self.dataset, samples, self.interval, self.pixels, self.images, transform)

    def _process(self) -> tuple[int, int]:
        trainer = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer is not None else (0, 1)

    def _loader(self, items: Dataset[Read], **settings: Any) -> Loader:
        return loader(items, self.workers, self.prefetch, **settings)
