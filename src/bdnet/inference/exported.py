"""Videos through exported graphs, with onnxruntime and without torch.

for frame, labels in Exported("exported").segment("drive.mp4"):
    ...  # uint8 [H, W] class numbers, of every frame
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bdnet.codec import VideoReader
from bdnet.codec.pixels import Pixels
from bdnet.codec.search import Motion, Search
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.keyframes.fixed import Fixed
from bdnet.system.files import read_json
from bdnet.types import CELL, IGNORE, Frame

Tensors = dict[str, NDArray[Any]]  # by name
RunGraph = Callable[[str, Tensors], Tensors]  # name of a graph, its inputs -> its outputs


class GraphStream:
    """The graphs on the frames of one video; holds the state that they pass on.

    description: the content of graphs.json
    """

    def __init__(self, description: Mapping[str, Any], run: RunGraph) -> None:
        self.graphs, self.size, self.run = description["graphs"], description["size"], run
        self.state: Tensors = {}

    def step(self, frame: Frame, is_key: bool) -> Tensors:
        """The outputs on the next frame."""
        name = "key" if is_key or "other" not in self.graphs else "other"
        parts = {"image": frame.image, "motion": frame.motion, "valid": frame.valid}
        if frame.image is not None and self.size is None:
            parts["image"] = fill_cells(frame.image)
        values = {part: array[None] for part, array in parts.items() if array is not None}
        values |= self.state
        graph = self.graphs[name]
        outputs = self.run(name, {port["name"]: values[port["name"]] for port in graph["inputs"]})
        self.state |= {state: outputs[output] for state, output in graph["state"].items()}
        return outputs


class Exported:
    """The graphs of a folder that `python -m bdnet.export` wrote.

    threads:   of onnxruntime and of the decoder, 0 for one per core
    providers: of onnxruntime, in order of preference
    """

    def __init__(
        self,
        folder: Path | str,
        threads: int = 0,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> None:
        self.folder, self.threads = Path(folder), threads
        self.description = read_json(self.folder / "graphs.json")
        self.classes = Classes.read(self.folder / "classes.yaml")
        self.interval: int = self.description["interval"]
        self.run = onnx_run(self.folder, self.description, threads, providers)

    def segment(
        self,
        video: str | Path,
        interval: int | None = None,
        motion: Motion = "auto",
        search: Search | str = "default",
        track: int | None = None,
    ) -> Iterator[tuple[Frame, NDArray[np.uint8]]]:
        """Every frame and its labels, 255 before the first keyframe of a damaged stream.

        interval:       frames from keyframe to keyframe, None for the run's; frames without motion
                        are keyframes too
        motion, search, track: as in `bdnet.VideoReader`
        """
        is_due = Fixed(self.interval if interval is None else interval).begin()
        needs_all_images = reads_all(self.description)
        pixels: Pixels = "all" if needs_all_images else is_due
        reader = VideoReader(
            video,
            pixels,
            False,
            self.threads,
            upright=True,
            motion=motion,
            search=search,
            track=track,
        )
        with closing(reader):
            stream, has_begun = GraphStream(self.description, self.run), False
            labels: NDArray[np.uint8] | None = None
            for frame in reader:
                if labels is None:  # a video's rotation is known from its first frame on
                    check_size(self.description, reader)
                    labels = np.full((reader.height, reader.width), IGNORE, np.uint8)
                # otherwise the decoder has asked the rule, and keyframes have images
                is_key = is_due(frame) if needs_all_images else frame.image is not None
                has_begun |= is_key
                if has_begun:
                    whole = stream.step(frame, is_key)["labels"][0]
                    labels = whole[: reader.height, : reader.width]
                yield frame, labels


def reads_all(description: Mapping[str, Any]) -> bool:
    """Whether the frames between keyframes need pixels."""
    other = description["graphs"].get("other")
    return other is None or any(port["name"] == "image" for port in other["inputs"])


def check_size(description: Mapping[str, Any], video: VideoReader) -> None:
    if description["size"] not in (None, [video.height, video.width]):
        wanted = "x".join(map(str, description["size"]))
        raise BdnetError(
            f"{video.path}: is {video.height}x{video.width} (height x width), and these graphs are "
            f"for {wanted}; export again with size=[{video.height},{video.width}] or dynamic=true"
        )


def fill_cells(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB [H, W, 3], its right and lower border repeated up to whole cells."""
    below, right = (-side % CELL for side in image.shape[:2])
    return np.pad(image, ((0, below), (0, right), (0, 0)), "edge") if below or right else image


def onnx_run(
    folder: Path,
    description: Mapping[str, Any],
    threads: int = 0,
    providers: Sequence[str] = ("CPUExecutionProvider",),
) -> RunGraph:
    """Runs FOLDER/key.onnx and FOLDER/other.onnx."""
    if "onnx" not in description["formats"]:
        raise BdnetError(f"{folder}: holds no ONNX graphs; export with formats=[onnx]")
    if find_spec("onnxruntime") is None:
        raise BdnetError("ONNX graphs need a package: pip install 'bdnet[export]'")
    import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors
    sessions = {
        name: onnxruntime.InferenceSession(
            folder / f"{name}.onnx", options, providers=list(providers)
        )
        for name in description["graphs"]
    }

    def run(graph: str, inputs: Tensors) -> Tensors:
        names = [port["name"] for port in description["graphs"][graph]["outputs"]]
        return dict(zip(names, sessions[graph].run(names, inputs), strict=True))

    return run
