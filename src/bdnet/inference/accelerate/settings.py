"""The settings of `accelerate`, and presets of them."""

from typing import Literal, NamedTuple

from bdnet.errors import BdnetError
from bdnet.keyframes.base import Keyframes
from bdnet.motion.kernel import Kernel

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


class Settings(NamedTuple):
    """memory, kernel and stride of `accelerate`."""

    memory: float
    kernel: Kernel = "linear"
    stride: float = 8


def preset_of(quality: str) -> Preset:
    if quality not in PRESETS:
        raise BdnetError(f"quality={quality}: use {', '.join(PRESETS)}")
    return PRESETS[quality]


def check(
    settings: Settings,
    batch: int,
    threads: int | None,
    interval: int | None,
    keyframe: Keyframes | None,
) -> None:
    """Refuses what means nothing."""
    memory, kernel, stride = settings
    if not stride > 0:
        raise BdnetError(f"stride={stride}: pixels per cell, above 0")
    if not 0 <= memory < 1:
        raise BdnetError(f"memory={memory}: from 0, which keeps no earlier scores, to below 1")
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
        raise BdnetError(f"interval={interval} and keyframe={keyframe}: give one of them")
