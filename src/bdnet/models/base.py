"""The interface of networks for video: over clips in training, frame by frame in a stream."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from torch import Tensor, nn

from bdnet.types import Clip, Prediction

PixelsRead = Literal["key", "all"]
ImagesRead = Literal["ends", "all"]
State = tuple[Tensor, ...]  # of a stream, from the frames before; () for a new video


class Step(NamedTuple):
    """One frame of a stream, or of b parallel streams, as tensors.

    image:  float32 [b, 3, H, W] normalised; None where the network does not read it
    motion: float32 [b, 2, ceil(H/8), ceil(W/8)] pixels, as in Frame; None on keyframes, but for a
            network that remembers the frames before them
    valid:  bool [b, ceil(H/8), ceil(W/8)]; None with the motion
    is_key: a network with keyframes drops its state here
    """

    image: Tensor | None
    motion: Tensor | None = None
    valid: Tensor | None = None
    is_key: bool = False

    def pixels(self) -> Tensor:
        if self.image is None:
            raise ValueError(
                "image is None on a frame whose pixels the network reads: "
                "give them on keyframes, and on every frame where its `pixels` is 'all'"
            )
        return self.image

    def vectors(self) -> tuple[Tensor, Tensor]:
        """Motion and its validity."""
        if self.motion is None or self.valid is None:
            raise ValueError(
                "motion or valid is None on a frame that is no keyframe: "
                "an intra frame has no vectors, so set is_key there"
            )
        return self.motion, self.valid


class Groups(NamedTuple):
    """Trainable parameters: pretrained ones, and those of new layers, which learn faster."""

    backbone: list[nn.Parameter]
    head: list[nn.Parameter]


class VideoModel(nn.Module, ABC):
    """A network that segments video.

    Contract: `step` over the frames of a clip ends with the logits of `forward`.

    images:     the images of a clip that `forward` reads
    looks_back: earlier frames change the logits of a frame
    trains_all: every training step gives every parameter a gradient
    """

    images: ClassVar[ImagesRead] = "ends"
    looks_back: ClassVar[bool] = True
    trains_all: ClassVar[bool] = True

    @property
    @abstractmethod
    def pixels(self) -> PixelsRead:
        """The frames whose pixels `step` reads: the decoder skips the others."""

    @property
    @abstractmethod
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        """The parts with pretrained weights, which learn at the lower rate."""

    @property
    def has_two_steps(self) -> bool:
        """Whether `step` is one function of tensors on keyframes and another one on other frames.

        Whatever the values in its state; CUDA graphs and export need that.
        """
        return True

    @property
    def least_interval(self) -> int:
        """The shortest keyframe interval at which training reaches every parameter."""
        return 1

    @property
    def aliases(self) -> Mapping[str, str]:
        """Names of parts, each with the part of other networks whose weights fit it too."""
        return {}

    def share(self, name: str, weight: Tensor) -> Tensor:  # noqa: ARG002
        """What the weight of this name takes of another network's, by one of the `aliases`."""
        return weight

    @abstractmethod
    def forward(self, clip: Clip) -> Prediction:
        """The target frames of a batch."""

    def start(self) -> State:
        """The state before the first frame of a video."""
        return ()

    def read(
        self, image: Tensor | None, motion: Tensor | None, valid: Tensor | None, is_key: bool
    ) -> Step:
        """The parts of a frame that this network reads."""
        return Step(
            image if is_key or self.pixels == "all" else None,
            None if is_key else motion,
            None if is_key else valid,
            is_key,
        )

    @abstractmethod
    def step(self, state: State, frame: Step) -> tuple[State, Tensor]:
        """The next frame: the new state, and logits [b, classes, h, w] at the network's stride."""

    def groups(self) -> Groups:
        """Every trainable parameter, once."""
        pretrained = {id(weight) for part in self.backbone_modules for weight in part.parameters()}
        groups = Groups([], [])
        for weight in filter(lambda weight: weight.requires_grad, self.parameters()):
            (groups.backbone if id(weight) in pretrained else groups.head).append(weight)
        return groups
