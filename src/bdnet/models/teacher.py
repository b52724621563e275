"""A network that teaches and does not learn."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

import torch
from torch import nn

from bdnet.clip import Clip, Prediction
from bdnet.models.base import VideoModel
from bdnet.models.checkpoints import restore


class Teacher(nn.Module, ABC):
    """Says what it sees in the target frames of a batch, or nothing."""

    exists: ClassVar[bool] = True

    @abstractmethod
    def forward(self, clip: Clip) -> Prediction | None:
        """Logits and features of the target frames themselves."""


class NoTeacher(Teacher):
    """The null object."""

    exists: ClassVar[bool] = False

    def forward(self, clip: Clip) -> Prediction | None:  # noqa: ARG002
        return None


class Frozen(Teacher):
    """Any network as teacher: no gradient, always in evaluation, the target frame's pixels alone.

    checkpoint: a file with the whole network's weights, as trained by us; null leaves the network
                as it is
    """

    def __init__(self, model: VideoModel, checkpoint: str | None = None) -> None:
        super().__init__()
        if checkpoint is not None:
            restore(model, Path(checkpoint))
        self.model = model.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> Self:  # noqa: ARG002 - never, whoever asks
        return super().train(False)

    @torch.no_grad()
    def forward(self, clip: Clip) -> Prediction | None:
        target = clip.images[:, -1:]
        seen: Prediction = self.model(
            clip._replace(
                images=torch.cat([target, target], 1),  # it is its own keyframe
                motion=clip.motion[:, :0],
                valid=clip.valid[:, :0],
                offset=torch.zeros_like(clip.offset),
            )
        )
        return seen
