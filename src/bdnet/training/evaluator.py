"""The LightningModule that evaluates a network."""

from collections.abc import Iterator

import torch
from pytorch_lightning import LightningModule
from torch import Tensor

from bdnet.data.classes import Classes
from bdnet.data.video_segments import VideoSegment
from bdnet.errors import BdnetError
from bdnet.models.base import VideoModel
from bdnet.motion.upsampling import label_map
from bdnet.training.scores import OffsetMetrics, Scores, VideoMetrics, scalars
from bdnet.types import Clip

LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


class Evaluator(LightningModule):
    """Scores a network on clips of every offset, and on densely labelled segments as video.

    numbers: the scores of the last test or validation
    """

    def __init__(self, student: VideoModel, classes: Classes, interval: int) -> None:
        super().__init__()
        self.student = student
        self.classes = classes
        self.while_training = OffsetMetrics(classes, interval, outlines=False)
        self.by_offset = OffsetMetrics(classes, interval, outlines=True)
        self.as_video = VideoMetrics(classes)
        self.numbers: Scores = {}
        self._frames = 0

    def set_memory_format(self, memory_format: str) -> None:
        """Stores the weights as `channels_last`, which speeds convolutions up, or `contiguous`."""
        if memory_format not in LAYOUTS:
            raise BdnetError(f"memory_format={memory_format}: choose {' or '.join(LAYOUTS)}")
        self.to(memory_format=LAYOUTS[memory_format])

    def validation_step(self, batch: Clip, _: int) -> None:
        self.while_training.update(self.segment(batch), batch.labels, batch.offset)

    def on_validation_epoch_end(self) -> None:
        self.numbers = self.while_training.compute()
        self.while_training.reset()
        if not self.trainer.sanity_checking:
            flat = scalars(self.numbers, "val")
            self.log("val/avg_k", flat.pop("val/avg_k", 0.0), prog_bar=True, rank_zero_only=True)
            self.log_dict(flat, rank_zero_only=True)

    def test_step(
        self,
        batch: Clip | VideoSegment,
        batch_idx: int,  # noqa: ARG002
        dataloader_idx: int = 0,  # noqa: ARG002
    ) -> None:
        if isinstance(batch, Clip):
            self.by_offset.update(self.segment(batch), batch.labels, batch.offset)
        else:
            self.as_video.update(torch.cat(list(self.stream(batch))), batch.labels)
            self._frames += len(batch.labels)

    def on_test_epoch_end(self) -> None:
        frames = int(self.trainer.strategy.reduce(torch.tensor(self._frames), reduce_op="sum"))
        video = {**self.as_video.compute(), "frames": frames} if frames else None
        self.numbers = {**self.by_offset.compute(), "video": video}
        self.by_offset.reset()
        self.as_video.reset()
        self._frames = 0
        self.log_dict(scalars(self.numbers, "test"), rank_zero_only=True)

    def segment(self, clip: Clip) -> Tensor:
        """The predicted classes [b, H, W] of a batch's target frames."""
        logits = self.student(clip).logits
        return label_map(logits, *clip.labels.shape[-2:]).long()

    def stream(self, segment: VideoSegment) -> Iterator[Tensor]:
        """The predicted classes [1, H, W] of each frame, computed frame by frame as in use."""
        state = self.student.start()
        for image, motion, valid, is_key in zip(
            segment.images, segment.motion, segment.valid, segment.is_key.tolist(), strict=True
        ):
            frame = self.student.read(image[None], motion[None], valid[None], is_key)
            state, logits = self.student.step(state, frame)
            yield label_map(logits, *image.shape[-2:]).long()
