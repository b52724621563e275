"""The networks that are measured, from the configuration."""

from collections.abc import Collection
from typing import Protocol

import torch

from bdnet.benchmarks.base import CannotMeasure
from bdnet.models.base import VideoModel
from bdnet.models.for_inference import for_inference
from bdnet.models.precision import check_precision
from bdnet.reports.cost import BASELINE

DEVICES = ("cpu", "cuda")


class NetworkFactory(Protocol):
    """Makes a network on a backbone."""

    def __call__(self, *, classes: int, backbone: str) -> VideoModel: ...


def ready(network: VideoModel, device: torch.device, channels_last: bool) -> VideoModel:
    """A network as inference uses it."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    return for_inference(network).to(device).to(memory_format=layout)


def parts(network: VideoModel) -> str:
    """Its size and its parts."""
    millions = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    names = ", ".join(type(child).__name__ for child in network.children())
    return f"{millions:.2f} million parameters; {names}"


def gpu(device: torch.device) -> dict[str, str]:
    """The name of the graphics card, where the device is one."""
    return {"GPU": torch.cuda.get_device_name()} if device.type == "cuda" else {}


def check(
    contenders: Collection[str],
    backbones: list[str],
    intervals: list[int],
    device: str,
    precision: str,
) -> None:
    """Refuses settings without a comparison."""
    if BASELINE not in contenders:
        raise CannotMeasure(
            f"contenders={', '.join(contenders) or 'none'}: {BASELINE} must be one of them, "
            "since the others' cost is relative to it"
        )
    if not backbones or not intervals:
        raise CannotMeasure(f"backbones={backbones}, intervals={intervals}: at least one of each")
    if min(intervals) < 1:
        raise CannotMeasure(f"intervals={intervals}: at least 1, which is a keyframe each time")
    check_precision(precision)
    if device not in DEVICES:
        raise CannotMeasure(f"device={device}: choose one of {', '.join(DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise CannotMeasure("device=cuda: PyTorch sees no GPU here; use target.device=cpu")
