"""`accelerate`: any segmentation network, run on keyframes only."""

from collections.abc import Iterable
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from bdnet.codec import CorruptStream, UnsupportedStream, VideoReader
from bdnet.codec.container import TIMEOUT
from bdnet.codec.pictures import Video as Source
from bdnet.codec.search import Motion, Search
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.base import Adapter
from bdnet.inference.accelerate.adapters.choice import Options, adapter_of
from bdnet.inference.accelerate.comparison import Comparison, Truth
from bdnet.inference.accelerate.film import SideBySide
from bdnet.inference.accelerate.settings import Quality, Settings, check, preset_of
from bdnet.inference.accelerate.streams import Stream
from bdnet.inference.accelerate.video import Video
from bdnet.inference.streaming import FrameImages
from bdnet.keyframes.base import Keyframes
from bdnet.keyframes.fixed import Fixed
from bdnet.models.device import device_of
from bdnet.models.precision import Precision, check_precision
from bdnet.motion.kernel import Kernel


class Accelerated:
    """A network with the settings to run it on videos; `accelerate` makes one."""

    def __init__(
        self, network: Adapter, keyframes: Keyframes, settings: Settings, batch: int = 1
    ) -> None:
        self.network, self.keyframes = network, keyframes
        self.settings, self.batch = settings, batch

    @property
    def classes(self) -> Classes | None:
        """Names and colours of the classes, if the network's library has them."""
        return self.network.classes

    def video(
        self,
        video: Source,
        images: FrameImages = "read",
        strict: bool = False,
        threads: int = 0,
        motion: Motion = "auto",
        search: Search | str = "default",
        live: bool = False,
        timeout: float = TIMEOUT,
        track: int | None = None,
    ) -> Video:
        """The frames of a video with their labels, one by one, while the video is decoded.

        Iterate over it once; it is also a context manager, which closes the file.

        video:   a file, URL, folder of images, camera (camera:0), or iterable of pictures uint8 RGB
                 [H, W, 3] or of pairs of these and their seconds
        images:  the frames that have an image: those that the network reads, or all
        strict:  refuse damage, and with motion=stream streams that are not clean, instead of
                 reading them as well as possible
        threads: of the decoder, 0 for one per core
        motion:  the stream's own vectors (stream), an encoder's search in the pictures (search),
                 for any codec, or the vectors if they chain and else the search (auto)
        search:  default, or fast at half the size
        live:    of a camera: frames that come while the network is busy are no keyframes; see
                 `latency`
        timeout: seconds to wait for a URL's next byte, or a camera's next picture
        track:   number of a file's video track, from 0; None: the default one
        """
        source = video, images, strict, threads
        options = motion, search, live, timeout
        return Video(self.start(), self.keyframes, *source, self.batch, *options, track)

    def classes_in(self, videos: Iterable[Source], track: int | None = None) -> Classes:
        """The classes; if need be, the network runs on the first frame that can be read."""
        if self.classes is not None:
            return self.classes
        problem: BdnetError | None = None
        for video in videos:
            try:
                with self.video(video, track=track) as opened:
                    next(opened)
                    return opened.stream.classes()
            except (CorruptStream, UnsupportedStream) as error:
                problem = error
        raise problem or BdnetError("no video to run the network on; give at least one")

    def start(self) -> Stream:
        """A new video, frame by frame: `stream.step(image, motion)`."""
        return Stream(self.network, self.keyframes, self.settings)

    def compare(
        self,
        video: Source,
        frames: int | None = None,
        labels: str | Path | None = None,
        motion: Motion = "auto",
        search: Search | str = "default",
        track: int | None = None,
        film: str | Path | None = None,
    ) -> Comparison:
        """Compares with the network on every frame: print the result, or write `.html(path)`.

        frames:         number of frames to read; None: all
        labels:         folder of label images of the video's frames, 000000.png and so on, for
                        mIoUs
        motion, search, track: as in `video`
        film:           file for a film of both side by side, such as both.mp4
        """
        truth = None if labels is None else Truth(labels)
        own, fast = Stream(self.network, Fixed(1), Settings(0)), self.start()
        comparison: Comparison | None = None
        reader = VideoReader(
            video, "all", strict=False, upright=True, motion=motion, search=search, track=track
        )
        with ExitStack() as stack, closing(reader), closing(iter(reader)) as decoded:
            writer = stack.enter_context(SideBySide(Path(film), reader.fps)) if film else None
            for frame in islice(decoded, frames):
                # they take turns to go first, because the second finds warm caches
                streams = (own, fast) if frame.index % 2 else (fast, own)
                results = {stream: stream.take(frame) for stream in streams}
                if comparison is None:
                    comparison = Comparison(reader.path, own.classes(self.classes))
                real = None if truth is None else truth.read(frame.index, comparison.classes)
                comparison.add(results[own], results[fast], real)
                if writer:
                    writer.add(results[own], results[fast], comparison.classes)
            assert comparison is not None
            comparison.motion = reader.source_of_motion
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
    """Runs any segmentation network on keyframes, and warps its scores along the motion vectors.

    model:      a torch.nn.Module (torchvision, Hugging Face, segmentation_models_pytorch, your
                own), an ONNX file or session, a .pt2 file, a function of a picture uint8 [H, W, 3],
                or a name: torchvision:NAME, hf:NAME, smp:NAME, run:FOLDER, run:streets
    interval:   the network reads every n-th frame, and frames without usable motion vectors
    quality:    fast, balanced or best: values for those of interval, memory, kernel and stride that
                are not given
    keyframe:   another rule for keyframes, instead of the interval
    memory:     weight of the earlier scores at a keyframe, where the picture did not change: from
                0 to below 1
    kernel:     interpolation of the warps: linear, or cubic, which blurs less and takes longer
    stride:     pixels per cell when scores are warped; those of a coarser network are upsampled
                first, because every warp blurs
    preprocess: dict(mean=, std=, size=, multiple=), torchvision's weights.transforms(), a Hugging
                Face image processor, albumentations, or a function of a picture
    output:     key or function that selects the scores in the network's output
    multilabel: a pixel can have several classes: labels are 0 or 1, [classes, H, W]
    split:      (encoder, head) instead of a model: the feature between them is warped
    device:     of the network; None: where it is now; auto: a GPU if there is one
    precision:  of the network: bfloat16 is faster if the hardware supports it
    threads:    of the network on a CPU, for the whole process; None: PyTorch's choice
    batch:      keyframes of a video per call of the network
    trust:      open a .pt2 file, which can run code
    """
    preset = preset_of(quality)
    settings = Settings(
        preset.memory if memory is None else memory,
        preset.kernel if kernel is None else kernel,
        preset.stride if stride is None else stride,
    )
    check(settings, batch, threads, interval, keyframe)
    check_precision(precision)
    rule = keyframe or Fixed(preset.interval if interval is None else interval)
    if threads is not None:
        torch.set_num_threads(threads)
    options = Options(preprocess, output, multilabel, precision, threads, trust)
    network = adapter_of(model, options, split)
    if device is not None and (network.moves or device != "auto"):
        network.to(device_of(device))
    return Accelerated(network, rule, settings, batch if network.batches else 1)
