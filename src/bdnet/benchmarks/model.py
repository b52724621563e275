"""Seconds, operations and parameters of networks per frame, beside the single-frame network."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from bdnet.benchmarks.base import take_turns
from bdnet.benchmarks.networks import NetworkFactory, check, gpu, parts, ready
from bdnet.models.base import State, Step, VideoModel
from bdnet.models.precision import Precision, autocast
from bdnet.motion.upsampling import label_map
from bdnet.reports.cost import BASELINE, Comparison, Cost, Costs, Frames, gflops
from bdnet.types import cells

NOTES = {
    "relative": "to the single-frame network in the same round; median of the rounds",
    "paper": "the same ratio in BDNet's Table 1, on other hardware; that its DFF and GRFP "
    "have ResNet-101 is our reading",
    "GFLOPs": "two per multiply-add of convolutions and matrix products, by "
    "torch.utils.flop_counter; warps, sums, interpolation, normalisation count nothing",
}

Call = Callable[[], object]


class ModelCost:
    """Takes random frames through networks, from the picture to its label map.

    contenders: by name; the others' cost is relative to that of `single_frame`
    """

    def __init__(
        self,
        contenders: dict[str, NetworkFactory],
        backbones: list[str],
        intervals: list[int],
        classes: int,
        height: int,
        width: int,
        device: str = "cpu",
        precision: Precision = "float32",
        channels_last: bool = True,
        threads: int | None = None,
        seed: int = 0,
    ) -> None:
        check(contenders, backbones, intervals, device, precision)
        self.contenders, self.classes = contenders, classes
        self.backbones, self.intervals = backbones, intervals
        self.height, self.width, self.seed = height, width, seed
        self.device, self.precision = torch.device(device), precision
        self.channels_last = channels_last
        self.threads = threads

    def measure(self, repeats: int) -> Costs:
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        facts, runs = self._facts(), {}
        for backbone in self.backbones:
            networks = {
                name: factory(classes=self.classes, backbone=backbone)
                for name, factory in self.contenders.items()
            }
            for name, network in networks.items():
                facts[f"{name} {backbone}"] = parts(network)
                networks[name] = ready(network, self.device, self.channels_last)
            runs[backbone] = self._runs(networks)
        turns = {
            f"{backbone} {name} {part}": self._timed(run)
            for backbone, calls in runs.items()
            for (name, part), run in calls.items()
        }
        rows = iter(take_turns(turns, repeats))
        comparisons = []
        for backbone, calls in runs.items():
            costs = {
                part: Cost(next(rows).values, self._gflops(run)) for part, run in calls.items()
            }
            frames = {
                name: Frames(costs[name, "key"], costs.get((name, "other"), costs[name, "key"]))
                for name in self.contenders
            }
            comparisons.append(Comparison(backbone, frames, costs[BASELINE, "label map"]))
        return Costs(comparisons, self.intervals, facts, NOTES)

    def _runs(self, networks: dict[str, VideoModel]) -> dict[tuple[str, str], Call]:
        """The calls that take turns, by contender and kind of frame."""
        key, other = self._frames()
        runs: dict[tuple[str, str], Call] = {}
        for name, network in networks.items():
            with self._inference():
                state, logits = network.step(network.start(), key)
                # past a stream's first frames the state is complete
                for _ in range(network.least_interval - 1):
                    state, _ = network.step(state, other)
            runs[name, "key"] = partial(self._labels, network, state, key)
            if name == BASELINE:  # its frames are all alike
                runs[name, "label map"] = partial(label_map, logits, self.height, self.width)
            else:
                runs[name, "other"] = partial(self._labels, network, state, other)
        return runs

    def _labels(self, network: VideoModel, state: State, frame: Step) -> object:
        return label_map(network.step(state, frame)[1], self.height, self.width)

    def _frames(self) -> tuple[Step, Step]:
        """A keyframe and another frame: noise that moves smoothly, with some holes."""
        generator = torch.Generator().manual_seed(self.seed)
        image = torch.randn(1, 3, self.height, self.width, generator=generator)
        grid = cells(self.height), cells(self.width)
        coarse = 4 * torch.randn(1, 2, 3, 5, generator=generator)
        motion = functional.interpolate(coarse, grid, mode="bicubic")
        valid = torch.rand(1, *grid, generator=generator) > 0.05
        motion = motion * valid[:, None]
        image = image.to(self.device)
        if self.channels_last:
            image = image.contiguous(memory_format=torch.channels_last)
        other = Step(image, motion.to(self.device), valid.to(self.device))
        return Step(image, is_key=True), other

    def _inference(self) -> ExitStack:
        """Without gradients, in the configured precision."""
        stack = ExitStack()
        stack.enter_context(torch.inference_mode())
        stack.enter_context(autocast(self.device, self.precision))
        return stack

    def _timed(self, run: Call) -> Callable[[], float]:
        def timed() -> float:
            with self._inference():
                self._wait()
                start = time.perf_counter()
                run()
                self._wait()
                return time.perf_counter() - start

        return timed

    def _wait(self) -> None:
        """A GPU runs asynchronously."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def _gflops(self, run: Call) -> float:
        with self._inference():
            return gflops(run)

    def _facts(self) -> dict[str, Any]:
        return gpu(self.device) | {
            "size": f"{self.width}x{self.height}",
            "classes": self.classes,
            "precision": self.precision,
            "layout": "channels_last" if self.channels_last else "contiguous",
            "threads": torch.get_num_threads(),
        }
