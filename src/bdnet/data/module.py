"""The one LightningDataModule: loaders of clips for any data set."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from pytorch_lightning import LightningDataModule
from pytorch_lightning.trainer.states import TrainerFn
from torch.utils.data import Dataset

from bdnet.data.bad_samples import BadSamples, OnBadSample
from bdnet.data.base import ClipDataset, Sample, Split
from bdnet.data.clips import ClipImages, Clips, PixelSource, size_of
from bdnet.data.errors import BadData, check_choice, check_whole
from bdnet.data.loading import Loader, SafeDataset, make_loader
from bdnet.data.normalisation import Batch, normalise
from bdnet.data.offsets import (
    Keyframes,
    OffsetIndex,
    Offsets,
    check_planned,
    index_offsets,
    samples_of,
    too_far,
    too_few,
)
from bdnet.data.sampler import Draw, OffsetBatches, Share, TrainingBatches, draw_from
from bdnet.data.transforms import JointTransform
from bdnet.data.unlabelled import frames_below, other_frames
from bdnet.data.video_segments import VideoSegments
from bdnet.types import Clip

log = logging.getLogger(__name__)


class ClipDataModule(LightningDataModule):
    """Clips of a data set, read from its compressed videos.

    interval:       k; offsets are 0..k-1
    keyframes:      any (each frame can be the network's keyframe) or codec (only the codec's own)
    pixels:         decoded frames of the video, or the original images that it was made from
    images:         the two ends of a clip, or all its frames
    offsets:        of training clips: all of 0..k-1, or the last, k-1, alone
    evaluate_every: n; evaluation uses every n-th labelled frame
    labelled_frame: the one frame of each training video whose label is used; None uses all
    unlabelled_batch_size: unlabelled clips in each training batch, after the labelled ones, for the
                    loss terms of the teacher
    unlabelled_videos: folder of videos to take these clips from, instead of the training videos
    on_bad_sample:  where a training clip cannot be read: raise an error, or skip to another one
    bad_samples_at_most: the share of the training clips that may be skipped
    tested:         the split of `test_dataloader`

    Evaluation goes over the same targets at each offset, one offset per batch; with keyframes=codec
    a target has one offset, so each offset has its own targets. It never skips a clip, since
    its scores would be of other data.
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
        check_whole(1, interval=interval, batch_size=batch_size, prefetch=prefetch)
        check_whole(1, evaluate_every=evaluate_every)
        check_whole(0, unlabelled_batch_size=unlabelled_batch_size, workers=workers, seed=seed)
        if labelled_frame is not None:
            check_whole(0, labelled_frame=labelled_frame)
        check_choice("any", "codec", keyframes=keyframes)
        check_choice("decoded", "original", pixels=pixels)
        check_choice("ends", "all", images=images)
        check_choice("all", "last", offsets=offsets)
        check_choice("raise", "skip", on_bad_sample=on_bad_sample)
        _check_unlabelled(unlabelled_videos, unlabelled_batch_size, pixels)
        self.dataset = dataset.for_interval(interval)
        self.interval, self.batch_size = interval, batch_size
        self.keyframes, self.pixels, self.images = keyframes, pixels, images
        self.offsets, self.evaluate_every = offsets, evaluate_every
        self.labelled_frame, self.unlabelled_batch_size = labelled_frame, unlabelled_batch_size
        self.unlabelled_videos, self.augmentation = unlabelled_videos, augmentation
        self.workers, self.prefetch, self.seed, self.tested = workers, prefetch, seed, tested
        self.skip, self.bad_samples = on_bad_sample == "skip", BadSamples(bad_samples_at_most)
        self.allow_zero_length_dataloader_with_multiple_devices = True  # there may be few segments

    def check_planned_videos(self) -> None:
        """Refuses settings that do not fit the data, before the data are made."""
        planned = self.dataset.planned_videos()
        if planned is not None:
            check_planned(
                planned, self.interval, self.batch_size, self.labelled_frame, self.keyframes
            )
            if self.augmentation is not None:
                self.augmentation.check_fit((planned.height, planned.width))

    def prepare_data(self) -> None:
        self.dataset.prepare(self._needed_splits())

    def train_dataloader(self) -> Loader:
        """Batches for the trainer's remaining steps.

        Without a trainer, or one that counts epochs: one pass over the labelled clips.
        """
        clips, shares = self.training_clips()
        rank, world = self._process()
        draws, size = shares[0]
        if len(draws) < size * world:
            raise too_few(self.batch_size, len(draws) // world)
        batches = TrainingBatches(shares, *self._steps(), rank, world)
        loader = self._loader(
            clips, batches.replacement if self.skip else None, batch_sampler=batches
        )
        if self.skip:
            loader.on_errors = partial(self.bad_samples.add, clips.samples)
        return loader

    def val_dataloader(self) -> Loader:
        return self._evaluation("val")

    def test_dataloader(self) -> list[Loader]:
        """Clips at every offset; and whole segments of video where labels are dense."""
        segments = self.video_segments(self.tested)
        as_video = [self._loader(segments, batch_size=None)] if segments.exist else []
        return [self._evaluation(self.tested), *as_video]

    def predict_dataloader(self) -> Loader:
        return self._evaluation("predict")

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:  # noqa: ARG002
        return normalise(batch)

    def training_names(self, number: int) -> list[str]:
        """The clips of a training batch of this process, counted from the beginning of training."""
        clips, shares = self.training_clips()
        draws = TrainingBatches(shares, 1, 0, *self._process()).batch(number)
        return [clips.name(draw) for draw in draws]

    def video_segments(self, split: Split) -> VideoSegments:
        """The densely labelled parts of a split that this process evaluates as video."""
        samples = self.dataset.samples(split)
        return VideoSegments(self.dataset, samples, self.interval, *self._process())

    def count_targets(self, split: Split) -> int:
        """Number of frames of a split that all processes together evaluate at offset 0."""
        return len(self._to_evaluate(split)[1][0])

    def evaluation_clips(self, split: Split) -> tuple[Clips, OffsetBatches]:
        """The clips of a split, and the batches in which this process evaluates them."""
        samples, by_offset = self._to_evaluate(split)
        batches = OffsetBatches(by_offset, self.batch_size, *self._process())
        return self._clips(samples), batches

    def predictions(self, split: Split) -> tuple[Loader, list[str]]:
        """The targets of a split at the largest offset, and the files of their predictions."""
        samples, by_offset = self._to_evaluate(split)
        offset, numbers = max(by_offset.items())
        batches = OffsetBatches({offset: numbers}, self.batch_size)
        names = [self.dataset.prediction_name(samples[number]) for number in numbers]
        return self._loader(self._clips(samples), batch_sampler=batches), names

    def examples(self, split: Split, count: int) -> Iterator[Clip]:
        """Clips to look at: some of the largest offset, spread over the split."""
        clips, batches = self.evaluation_clips(split)
        draws = [draw for batch in batches for draw in batch]
        draws = [draw for draw in draws if draw.offset == draws[-1].offset]
        for number in np.linspace(0, len(draws) - 1, min(count, len(draws))).round().astype(int):
            yield clips[draws[number]]

    def state_dict(self) -> dict[str, Any]:
        return self.bad_samples.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.bad_samples.load_state_dict(state_dict)

    def training_clips(self) -> tuple[Clips, list[Share]]:
        """All training clips, and the draws of the labelled and of the unlabelled ones."""
        labelled = self._index(samples_of(self.dataset, "train", self.labelled_frame), self.skip)
        if self.keyframes == "any" and max(map(len, labelled.offsets)) < self.interval:
            raise too_far("train", self.interval, self.interval - 1)
        parts = [(labelled, self.batch_size)]
        if self.unlabelled_batch_size:
            frames = (
                other_frames(self.dataset, labelled.samples)
                if self.unlabelled_videos is None
                else frames_below(self.unlabelled_videos, self.dataset, self.augmentation)
            )
            parts.append((self._index(frames, self.skip), self.unlabelled_batch_size))
        if self.skip:
            self.bad_samples.begin(index for index, _ in parts)
        if self.offsets == "last":
            parts = [(index.only(self.interval - 1), size) for index, size in parts]
        if not all(any(index.offsets) for index, _ in parts):
            others = self.unlabelled_videos
            source = "train" if others is None else f"train or frame of unlabelled_videos={others}"
            raise too_far(source, self.interval, self.interval - 1)
        samples, shares = draw_from(parts, self.seed)
        if self.augmentation is not None:
            self.augmentation.check_fit(size_of(samples[0]))
        return self._clips(samples, self.augmentation), shares

    def _needed_splits(self) -> set[Split]:
        """The splits that the trainer's task reads; those of a whole training without a trainer."""
        task = self.trainer.state.fn if self.trainer is not None else None
        if task == TrainerFn.TESTING:
            return {self.tested}
        if task == TrainerFn.PREDICTING:
            return {"predict"}
        return {"train", "val", self.tested}

    def _steps(self) -> tuple[int | None, int]:
        """(batches of the whole training or None, batches done)."""
        trainer = self.trainer
        if trainer is None or trainer.max_steps < 0:
            return None, 0
        batches_per_step = trainer.accumulate_grad_batches
        return trainer.max_steps * batches_per_step, trainer.global_step * batches_per_step

    def _to_evaluate(self, split: Split) -> tuple[list[Sample], dict[int, list[int]]]:
        index = self._index(samples_of(self.dataset, split))
        by_offset = index.to_evaluate(split, self.interval, self.keyframes, self.evaluate_every)
        return index.samples, by_offset

    def _evaluation(self, split: Split) -> Loader:
        clips, batches = self.evaluation_clips(split)
        return self._loader(clips, batch_sampler=batches)

    def _index(self, samples: list[Sample], skip: bool = False) -> OffsetIndex:
        return index_offsets(self.dataset, samples, self.interval, self.keyframes, skip)

    def _clips(self, samples: list[Sample], transform: JointTransform | None = None) -> Clips:
        return Clips(self.dataset, samples, self.interval, self.pixels, self.images, transform)

    def _process(self) -> tuple[int, int]:
        trainer = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer is not None else (0, 1)

    def _loader(
        self,
        items: Dataset[Any],
        replacement: Callable[[Draw], Draw] | None = None,
        **settings: Any,
    ) -> Loader:
        items = SafeDataset(items, replacement)
        return make_loader(items, self.workers, self.prefetch, **settings)


def _check_unlabelled(videos: str | None, batch_size: int, pixels: PixelSource) -> None:
    if videos is None:
        return
    if pixels == "original":
        raise BadData(
            f"unlabelled_videos={videos}: the images that its videos were made from are not known; "
            "use pixels=decoded"
        )
    if not batch_size:
        log.warning(
            "unlabelled_videos=%s is not used: unlabelled_batch_size=0 is the number of its clips "
            "in each batch (data.unlabelled_batch_size)", videos,
        )  # fmt: skip
