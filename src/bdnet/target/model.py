"""Seconds, operations and parameters of BDNet per frame, beside the single-frame network."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Protocol

import torch
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from bdnet.clip import cells
from bdnet.models.base import Step, VideoModel
from bdnet.models.heads import label_map
from bdnet.target.base import take_turns
from bdnet.target.cost import Comparison, Cost, Costs
from bdnet.target.errors import CannotMeasure

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
DEVICES = ("cpu", "cuda")
NOTES = {
    "relative": "to the single-frame network in the same round; median of the rounds",
    "paper": "the same ratio in BDNet's Table 1, on other hardware",
    "GFLOPs": "two per multiply-add of convolutions and matrix products, by "
    "torch.utils.flop_counter; warps, sums, interpolation, normalisation count nothing",
}

Run = Callable[[], object]


class NetworkFactory(Protocol):
    """Makes a network on a backbone."""

    def __call__(self, *, classes: int, backbone: str) -> VideoModel: ...


class ModelCost:
    """Takes random frames through both networks, from the picture to its label map."""

    def __init__(
        self,
        bdnet: NetworkFactory,
        single: NetworkFactory,
        backbones: list[str],
        intervals: list[int],
        classes: int,
        height: int,
        width: int,
        device: str = "cpu",
        precision: str = "float32",
        channels_last: bool = True,
        threads: int | None = None,
        seed: int = 0,
    ) -> None:
        _check(backbones, intervals, device, precision)
        self.bdnet, self.single, self.classes = bdnet, single, classes
        self.backbones, self.intervals = backbones, intervals
        self.height, self.width, self.seed = height, width, seed
        self.device, self.precision = torch.device(device), PRECISIONS[precision]
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        self.threads = threads

    def measure(self, repeats: int) -> Costs:
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        facts, runs = self._facts(), {}
        for backbone in self.backbones:
            single, bdnet = (
                self._network(self.single, backbone),
                self._network(self.bdnet, backbone),
            )
            facts |= {f"{type(each).__name__} {backbone}": _parts(each) for each in (single, bdnet)}
            runs[backbone] = self._runs(single, bdnet)
        contenders = {
            f"{backbone} {part}": self._timed(run)
            for backbone, parts in runs.items()
            for part, run in parts.items()
        }
        rows = iter(take_turns(contenders, repeats))
        comparisons = [
            Comparison(
                backbone,
                **{part: Cost(next(rows).values, self._gflops(run)) for part, run in parts.items()},
            )
            for backbone, parts in runs.items()
        ]
        return Costs(comparisons, self.intervals, facts, NOTES)

    def _network(self, factory: NetworkFactory, backbone: str) -> VideoModel:
        network = factory(classes=self.classes, backbone=backbone)
        return network.eval().to(self.device).to(memory_format=self.layout)

    def _runs(self, single: VideoModel, bdnet: VideoModel) -> dict[str, Run]:
        """What takes turns, by its name in `Comparison`."""
        key, other = self._frames()
        with self._inference():
            state, logits = bdnet.step(bdnet.start(), key)
        size = self.height, self.width
        return {
            "single": lambda: label_map(single.step(single.start(), key)[1], *size),
            "key": lambda: label_map(bdnet.step(bdnet.start(), key)[1], *size),
            "other": lambda: label_map(bdnet.step(state, other)[1], *size),
            "label_map": lambda: label_map(logits, *size),
        }

    def _frames(self) -> tuple[Step, Step]:
        """A keyframe and another: noise that moves smoothly by some pixels, with some holes."""
        generator = torch.Generator().manual_seed(self.seed)
        image = torch.randn(1, 3, self.height, self.width, generator=generator)
        grid = cells(self.height), cells(self.width)
        coarse = 4 * torch.randn(1, 2, 3, 5, generator=generator)
        motion = functional.interpolate(coarse, grid, mode="bicubic")
        valid = torch.rand(1, *grid, generator=generator) > 0.05
        motion = motion * valid[:, None]
        image = image.to(self.device).contiguous(memory_format=self.layout)
        other = Step(image, motion.to(self.device), valid.to(self.device))
        return Step(image, is_key=True), other

    def _inference(self) -> ExitStack:
        """Without gradients, in the precision asked for."""
        stack = ExitStack()
        stack.enter_context(torch.inference_mode())
        is_mixed = self.precision != torch.float32
        stack.enter_context(torch.autocast(self.device.type, self.precision, enabled=is_mixed))
        return stack

    def _timed(self, run: Run) -> Callable[[], float]:
        def timed() -> float:
            with self._inference():
                self._wait()
                start = time.perf_counter()
                run()
                self._wait()
                return time.perf_counter() - start

        return timed

    def _wait(self) -> None:
        """A GPU works on after it was told what to do."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def _gflops(self, run: Run) -> float:
        with self._inference(), FlopCounterMode(display=False) as counter:
            run()
        return float(counter.get_total_flops()) / 1e9

    def _facts(self) -> dict[str, Any]:
        gpu = {"GPU": torch.cuda.get_device_name()} if self.device.type == "cuda" else {}
        return gpu | {
            "size": f"{self.width}x{self.height}",
            "classes": self.classes,
            "precision": str(self.precision).removeprefix("torch."),
            "layout": str(self.layout).removeprefix("torch."),
            "threads": torch.get_num_threads(),
        }


def _check(backbones: list[str], intervals: list[int], device: str, precision: str) -> None:
    if not backbones or not intervals:
        raise CannotMeasure(f"backbones={backbones}, intervals={intervals}: at least one of each")
    if min(intervals) < 1:
        raise CannotMeasure(f"intervals={intervals}: at least 1, which is a keyframe each time")
    if precision not in PRECISIONS:
        raise CannotMeasure(f"precision={precision}: choose one of {', '.join(PRECISIONS)}")
    if device not in DEVICES:
        raise CannotMeasure(f"device={device}: choose one of {', '.join(DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise CannotMeasure("device=cuda: PyTorch sees no GPU here; say target.device=cpu")


def _parts(network: VideoModel) -> str:
    millions = sum(each.numel() for each in network.parameters()) / 1e6
    names = ", ".join(type(child).__name__ for child in network.children())
    return f"{millions:.2f} million parameters; {names}"
