"""The types that packages hand to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

IGNORE = 255  # the label of pixels without a class

Size = tuple[int, int]  # height and width in pixels

CELL = 8  # pixels; a motion field's grid


def cells(size: int) -> int:
    """Number of cells that cover `size` pixels; the last may reach beyond the edge."""
    return -(-size // CELL)


class Frame(NamedTuple):
    """One decoded picture and its motion field.

    index:  number of the frame in the file, in display order, from 0
    time:   seconds
    is_key: the codec can start decoding here
    image:  uint8 RGB [H, W, 3], None where the pixels were not asked for
    motion: float32 [2, ceil(H/8), ceil(W/8)], (x, y) in pixels of the frame: the content at p
            came from p + motion in the frame before; None on intra frames, or where motion is
            searched for, on the first frame and at cuts
    valid:  bool [ceil(H/8), ceil(W/8)], False where the stream holds no usable vector (motion is
            0 there); None where motion is
    arrived: time.perf_counter() when it had come from its file or camera
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls on a frame
    time: float
    is_key: bool
    image: NDArray[np.uint8] | None
    motion: NDArray[np.float32] | None
    valid: NDArray[np.bool_] | None
    arrived: float = 0.0


class Seconds(NamedTuple):
    """Time spent on one frame; decoding runs in parallel with the network."""

    decode: float
    network: float


class Segmentation(NamedTuple):
    """A frame of a video and the network's labels for it.

    frame:   as it was decoded
    labels:  uint8 [H, W] classes; 255 before the first keyframe of a damaged stream
    is_key:  the frame is a keyframe to the network, whose pixels it has read
    offset:  frames since then
    seconds: time spent on it
    """

    frame: Frame
    labels: NDArray[np.uint8]
    is_key: bool
    offset: int
    seconds: Seconds

    @property
    def index(self) -> int:  # type: ignore[override]  # hides tuple.index, which nobody calls
        """Number of the frame in the file, in display order, from 0."""
        return self.frame.index

    @property
    def time(self) -> float:
        """Seconds from the beginning of the video."""
        return self.frame.time


class Clip(NamedTuple):
    """A keyframe, a target frame, and the motion between them; a batch has one more leading axis.

    images: [n, 3, H, W] keyframe first, target last; n = 2, or max(2, k) where the model reads
            every frame (the keyframe repeated in front when it lies nearer than k - 1 frames).
            uint8 RGB from the loader, float32 normalised once on the device
    motion: float32 [k-1, 2, ceil(H/8), ceil(W/8)] pixels; one field per step, oldest first; the
            steps before the keyframe are zero fields, so that all clips of a batch have one shape
    valid:  bool [k-1, ceil(H/8), ceil(W/8)], False at holes
    labels: int64 [H, W] class of the target's pixels, 255 where it is unknown (everywhere in an
            unlabelled clip)
    offset: int64 [] frames from the keyframe to the target, 0..k-1
    """

    images: Tensor
    motion: Tensor
    valid: Tensor
    labels: Tensor
    offset: Tensor

    def checked(self) -> Clip:
        """Returns itself if the shapes of a single clip fit each other."""
        height, width = self.images.shape[-2:]
        steps = self.motion.shape[0]
        grid = cells(height), cells(width)
        shapes = {
            "images": (self.images.shape, (self.images.shape[0], 3, height, width)),
            "motion": (self.motion.shape, (steps, 2, *grid)),
            "valid": (self.valid.shape, (steps, *grid)),
            "labels": (self.labels.shape, (height, width)),
            "offset": (self.offset.shape, ()),
        }
        for name, (shape, expected) in shapes.items():
            if tuple(shape) != expected:
                raise ValueError(
                    f"{name} is {list(shape)}, which does not go with images "
                    f"{list(self.images.shape)} and {steps} steps: expected {list(expected)}"
                )
        if self.images.shape[0] < 2:
            raise ValueError(
                f"images is {list(self.images.shape)}: a keyframe and a target at least"
            )
        if not 0 <= int(self.offset) <= steps:
            raise ValueError(f"offset {int(self.offset)} is not in 0..{steps}, the clip's steps")
        return self


class Prediction(NamedTuple):
    """A network's output for a batch of target frames.

    logits:   [b, classes, h, w] at the network's own stride
    features: [b, channels, h/8, w/8] the deep feature that went into the head, after warping;
              None where nobody asked for it
    edges:    [b, 1, h/4, w/4] logits of the boundary stream; None without one
    flow:     [b, 2, ceil(H/8), ceil(W/8)] pixels: the content at p came from p + flow in the
              keyframe; None of networks that do not estimate it
    auxiliary:   [b, classes, h, w] logits of a second head, on a feature half-way up the backbone
    single_path: [b, classes, h, w] logits without what earlier frames add; None where they add
                 nothing
    group:    bool [b, n]: which of a teacher's n groups of channels the target's sub-network is for
    groups:   [b, n, classes, h, w] logits that each group of the head's channels gives by itself
    """

    logits: Tensor
    features: Tensor | None = None
    edges: Tensor | None = None
    flow: Tensor | None = None
    auxiliary: Tensor | None = None
    single_path: Tensor | None = None
    group: Tensor | None = None
    groups: Tensor | None = None
