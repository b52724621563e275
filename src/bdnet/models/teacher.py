"""Teachers: frozen networks from whose predictions a student learns."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from bdnet.data.classes import Classes
from bdnet.models.base import VideoModel
from bdnet.models.checkpoints import restore
from bdnet.models.errors import BadModel
from bdnet.models.head.pspnet import PSPNet
from bdnet.models.segmenter import Segmenter, cropped
from bdnet.types import Clip, Prediction


class Teacher(nn.Module, ABC):
    """Predicts the target frames of a batch, or nothing."""

    exists: ClassVar[bool] = True

    def for_classes(self, classes: Classes) -> None:  # most are made for them
        """Tells it the classes of the data set before it predicts."""

    @abstractmethod
    def forward(self, clip: Clip) -> Prediction | None:
        """Logits and features from the target frames themselves."""


class NoTeacher(Teacher):
    """The null object."""

    exists: ClassVar[bool] = False

    def forward(self, clip: Clip) -> Prediction | None:  # noqa: ARG002
        return None


class Frozen(Teacher):
    """Any network as teacher: no gradient, always in evaluation, the target frame's pixels only.

    A TDNet then runs its first sub-network only.

    checkpoint: a file with the whole network's weights, as trained by us; null leaves the network
                as it is
    """

    def __init__(self, model: VideoModel, checkpoint: str | None = None) -> None:
        super().__init__()
        if checkpoint is not None:
            restore(model, Path(checkpoint))
        self.model = model.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> Self:  # noqa: ARG002  # stays in evaluation
        return super().train(False)

    @torch.no_grad()
    def forward(self, clip: Clip) -> Prediction | None:
        target = clip.images[:, -1:]
        prediction: Prediction = self.model(
            clip._replace(
                images=torch.cat([target, target], 1),  # it is its own keyframe
                motion=clip.motion[:, :0],
                valid=clip.valid[:, :0],
                offset=torch.zeros_like(clip.offset),
            )
        )
        return prediction


class Grouped(Frozen):
    """A teacher that also predicts from each of n groups of its head's channels by itself.

    model:  with PSPNet's head, for which alone groups are published
    groups: n, as many as the student has sub-networks
    """

    def __init__(self, model: VideoModel, groups: int = 4, checkpoint: str | None = None) -> None:
        head = getattr(model, "head", None)
        if not isinstance(model, Segmenter) or not isinstance(head, PSPNet):
            name = f" with the head {type(head).__name__}" if head is not None else ""
            raise BadModel(
                f"teacher: a {type(model).__name__}{name} has no channels to group; use one with "
                "PSPNet's head, as in teacher=pspnet, or a run trained with model/head=pspnet"
            )
        head.pyramid.members(groups)  # refuses a number that does not divide the channels
        super().__init__(model, checkpoint)
        self.groups = groups

    @torch.no_grad()
    def forward(self, clip: Clip) -> Prediction | None:
        target, model = clip.images[:, -1], self.model
        assert isinstance(model, Segmenter)
        assert isinstance(model.head, PSPNet)
        maps, shallow = model.encode(target)
        output = model.boundary(maps, lambda: shallow)
        # as in `decode`, with the sum of the groups instead of the same convolution once more
        mixed = model.head.mixed(model.boundary.fused(output), self.groups)
        logits: Tensor = model.head.fcn.score(mixed.sum(1))
        prediction = Prediction(logits, output.feature, output.edges)
        return cropped(prediction._replace(groups=model.head.score_groups(mixed)), target)
