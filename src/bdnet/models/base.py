"""What every network for video is: over clips for training, frame by frame for video."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from torch import Tensor, nn

from bdnet.types import Clip, Prediction

PixelsRead = Literal["key", "all"]
ImagesRead = Literal["ends", "all"]
State = tuple[Tensor, ...]  # what a network remembers of the frames before; () of a new video


class Step(NamedTuple):
    """One frame of a stream, or of b streams in step, as tensors.

    image:  float32 [b, 3, H, W] normalised; None where the network does not read it
    motion: float32 [b, 2, ceil(H/8), ceil(W/8)] pixels, as in Frame; None on keyframes
    valid:  bool [b, ceil(H/8), ceil(W/8)]; None on keyframes
    is_key: the network starts afresh here, if it has keyframes
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
    """Trainable parameters by where they come from: new layers learn at a higher rate."""

    backbone: list[nn.Parameter]
    head: list[nn.Parameter]


class VideoModel(nn.Module, ABC):
    """A network that segments video.

    Contract: `step` over the frames of a clip ends with the logits that `forward` gives.
    """

    images: ClassVar[ImagesRead] = "ends"  # of a clip: which `forward` needs
    # `step` is one of two functions of tensors, by whether the frame is a keyframe: no others, and
    # it does not look at numbers in its state
    has_two_steps: ClassVar[bool] = True

    looks_back: ClassVar[bool] = True  # whether earlier frames change what it says of a frame

    @property
    @abstractmethod
    def pixels(self) -> PixelsRead:
        """Whose pixels `step` reads: the decoder skips the others."""

    @property
    @abstractmethod
    def backbone_modules(self) -> tuple[nn.Module, ...]:
        """The parts that pretrained weights are for."""

    trains_all: ClassVar[bool] = True  # whether each step of training reaches every parameter

    @property
    def least_interval(self) -> int:
        """Frames from one keyframe to the next that clips need to teach it all that it can do."""
        return 1

    @property
    def aliases(self) -> Mapping[str, str]:
        """Names of own parts -> of the parts of other networks whose weights fit them too."""
        return {}

    @abstractmethod
    def forward(self, clip: Clip) -> Prediction:
        """The target frames of a batch."""

    def start(self) -> State:
        """The state before the first frame of a video."""
        return ()

    def read(
        self, image: Tensor | None, motion: Tensor | None, valid: Tensor | None, is_key: bool
    ) -> Step:
        """What this network looks at of a frame."""
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
        backbone = [each for part in self.backbone_modules for each in part.parameters()]
        known = {id(each) for each in backbone}
        head = [each for each in self.parameters() if id(each) not in known]
        return Groups(
            [each for each in backbone if each.requires_grad],
            [each for each in head if each.requires_grad],
        )
