"""`accelerate`: any segmenter, asked about keyframes only."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch

from bdnet.codec import CorruptStream, UnsupportedStream, VideoReader
from bdnet.codec.reader import Motion
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.base import Adapter
from bdnet.inference.accelerate.adapters.choice import Wishes, adapter_of
from bdnet.inference.accelerate.comparison import Comparison, Truth
from bdnet.inference.accelerate.streams import Settings, Stream, Video
from bdnet.inference.streaming import FrameImages
from bdnet.keyframes.base import Keyframes
from bdnet.keyframes.fixed import Fixed
from bdnet.models.precision import Precision, check_precision
from bdnet.motion.kernel import Kernel
from bdnet.types import Segmentation

Quality = Literal["fast", "balanced", "best"]


class Preset(NamedTuple):
    """interval, memory, kernel and stride of `accelerate`."""

    interval: int
    memory: float
    kernel: Kernel
    stride: float


PRESETS: dict[str, Preset] = {
    "fast": Preset(8, 0.65, "linear", 4),
    "balanced": Preset(5, 0.65, "linear", 4),
    "best": Preset(3, 0.65, "cubic", 2),
}


class Accelerated:
    """A network and how it is used on videos; `accelerate` makes one."""

    def __init__(
        self, network: Adapter, keyframes: Keyframes, settings: Settings, batch: int = 1
    ) -> None:
        self.network, self.keyframes = network, keyframes
        self.settings, self.batch = settings, batch

    @property
    def classes(self) -> Classes | None:
        """Their names and colours, where the network's library knows them."""
        return self.network.classes

    def video(
        self,
        video: str | Path,
        images: FrameImages = "read",
        strict: bool = False,
        threads: int = 0,
        motion: Motion = "auto",
    ) -> Iterator[Segmentation]:
        """Every frame of a video with its labels, while it is being decoded.

        images:  of the frames that come out: those that the network reads, or all
        strict:  refuse what is no clean stream instead of doing the best with it
        threads: of the decoder, 0 for one per core
        motion:  the stream's own vectors (stream); found in the pictures by an encoder's search
                 (search), which works for any codec; or whichever is better (auto)
        """
        with self.open(video, images, strict, threads, motion) as opened:
            yield from opened

    def open(
        self,
        video: str | Path,
        images: FrameImages = "read",
        strict: bool = False,
        threads: int = 0,
        motion: Motion = "auto",
    ) -> Video:
        """The same as an object, which knows its reader: iterate over it once, and close it."""
        return Video(
            self.start(), self.keyframes, video, images, strict, threads, self.batch, motion
        )

    def classes_in(self, videos: Iterable[str | Path]) -> Classes:
        """The same, if need be by asking the network about the first frame that can be read."""
        if self.classes is not None:
            return self.classes
        problem: BdnetError | None = None
        for video in videos:
            try:
                with self.open(video) as opened:
                    next(iter(opened))
                    return opened.stream.classes()
            except (CorruptStream, UnsupportedStream) as error:
                problem = error
        raise problem or BdnetError("no video to ask the network about")

    def start(self) -> Stream:
        """A new video, frame by frame: `stream.step(image, motion)`."""
        return Stream(self.network, self.keyframes, self.settings)

    def compare(
        self,
        video: str | Path,
        frames: int | None = None,
        labels: str | Path | None = None,
        motion: Motion = "auto",
    ) -> Comparison:
        """This beside the network on every frame, in turns: print it, or `.html(path)`.

        frames: stop after so many
        labels: folder of label images of the video's frames, 000000.png and so on: mIoU of both
        motion: as in `video`
        """
        truth = None if labels is None else Truth(labels)
        own, fast = Stream(self.network, Fixed(1), Settings(0)), self.start()
        comparison: Comparison | None = None
        reader = VideoReader(video, "all", strict=False, upright=True, motion=motion)
        with closing(reader), closing(iter(reader)) as decoded:
            for frame in islice(decoded, frames):
                # neither always comes first, with what the other left in the processor's caches
                streams = (own, fast) if frame.index % 2 else (fast, own)
                found = {stream: stream.take(frame) for stream in streams}
                if comparison is None:
                    comparison = Comparison(video, own.classes(self.classes))
                real = None if truth is None else truth.read(frame.index, comparison.classes)
                comparison.add(found[own], found[fast], real)
        assert comparison is not None
        return comparison


def accelerate(
    model: Any = None,
    interval: int | None = None,
    *,
    quality: Quality = "balanced",
    keyframe: Keyframes | None = None,
    memory: float | None = None,
    kernel: Kernel | None = None,
    stride: float | None = None,
    preprocess: Any = None,
    output: Any = None,
    multilabel: bool = False,
    split: Any = None,
    device: str | torch.device | None = None,
    precision: Precision = "float32",
    threads: int | None = None,
    batch: int = 1,
    trust: bool = False,
) -> Accelerated:
    """Any segmenter for video: it reads keyframes, and its scores travel along the codec's vectors.

    model:      a torch.nn.Module (torchvision, Hugging Face, segmentation_models_pytorch, your
                own), an ONNX file or session, a .pt2 file, a function of a picture uint8 [H, W, 3],
                or a name, such as torchvision:deeplabv3_resnet50, hf:NAME, smp:NAME, run:FOLDER
    interval:   the network reads every n-th frame, and those at which the codec starts afresh
    quality:    fast, balanced or best: interval, memory, kernel and stride together, of which each
                can be given by itself
    keyframe:   another rule for which frames are read, instead of the interval
    memory:     what keyframes keep of what was known before, where the picture did not change:
                0 (nothing) to below 1
    kernel:     by which maps are moved: linear, or cubic, which blurs less and takes longer
    stride:     pixels from cell to cell at which scores travel; those of a coarser network are
                upsampled first, for every warp blurs
    preprocess: dict(mean=, std=, size=, multiple=), torchvision's weights.transforms(), a Hugging
                Face image processor, albumentations, or a function of a picture
    output:     which part of the network's answer holds the scores: a key or a function
    multilabel: several classes may hold in one pixel: labels are 0 or 1, [classes, H, W]
    split:      (encoder, head) instead of a model: the feature between them travels
    device:     where the network works; None: where it is; auto: a GPU where there is one
    precision:  of its products: bfloat16 is faster where the hardware knows it
    threads:    of the network on a CPU, for the whole process; None: PyTorch's choice
    batch:      keyframes that the network is asked about at once, in videos
    trust:      open a .pt2 file, which can run code
    """
    if quality not in PRESETS:
        raise BdnetError(f"quality={quality}: say {', '.join(PRESETS)}")
    preset = PRESETS[quality]
    settings = Settings(
        preset.memory if memory is None else memory,
        preset.kernel if kernel is None else kernel,
        preset.stride if stride is None else stride,
    )
    _check(settings, batch, threads, interval, keyframe)
    check_precision(precision)
    rule = keyframe or Fixed(preset.interval if interval is None else interval)
    if threads is not None:
        torch.set_num_threads(threads)
    wishes = Wishes(preprocess, output, multilabel, precision, threads, trust)
    network = adapter_of(model, wishes, split)
    if device is not None:
        network.to(_device(device))
    return Accelerated(network, rule, settings, batch if network.batches else 1)


def _check(
    settings: Settings,
    batch: int,
    threads: int | None,
    interval: int | None,
    keyframe: Keyframes | None,
) -> None:
    memory, kernel, stride = settings
    if not stride > 0:
        raise BdnetError(f"stride={stride}: pixels from cell to cell, above 0")
    if not 0 <= memory < 1:
        raise BdnetError(f"memory={memory}: from 0, which keeps nothing, to below 1")
    if kernel not in ("linear", "cubic"):
        raise BdnetError(f"kernel={kernel}: linear or cubic")
    if not isinstance(batch, int) or batch < 1:
        raise BdnetError(f"batch={batch}: 1 keyframe at once or more")
    if threads is not None and threads < 1:
        raise BdnetError(f"threads={threads}: 1 or more")
    if keyframe is not None and not isinstance(keyframe, Keyframes):
        raise BdnetError(
            f"keyframe={keyframe!r}: a rule, such as bdnet.keyframes.adaptive.Adaptive(); "
            "interval= takes a number of frames"
        )
    if keyframe is not None and interval is not None:
        raise BdnetError(f"interval={interval} and keyframe={keyframe}: say one of them")


def _device(device: str | torch.device) -> torch.device:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.device(device)
    except RuntimeError as error:
        raise BdnetError(f"device={device}: no such device; say auto, cpu or cuda") from error
