"""Semantic segmentation of compressed video: BDNet and its relatives.

    import bdnet

    print(bdnet.describe("drive.mp4"))
    for frame in bdnet.load("streets").segment("drive.mp4"):
        frame.index, frame.labels  # uint8 [H, W] class numbers

What needs PyAV or PyTorch is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bdnet.types import Clip, Frame, Prediction, Segmentation

if TYPE_CHECKING:
    from bdnet.codec.description import StreamInfo, describe
    from bdnet.codec.reader import VideoReader
    from bdnet.errors import BdnetError
    from bdnet.inference.accelerate import Accelerated, accelerate
    from bdnet.inference.network import Network, load

__all__ = [
    "Accelerated",
    "BdnetError",
    "Clip",
    "Frame",
    "Network",
    "Prediction",
    "Segmentation",
    "StreamInfo",
    "VideoReader",
    "__version__",
    "accelerate",
    "describe",
    "load",
]

__version__ = "0.2.0"

_HOMES = {
    "Accelerated": "bdnet.inference.accelerate",
    "BdnetError": "bdnet.errors",
    "Network": "bdnet.inference.network",
    "StreamInfo": "bdnet.codec.description",
    "VideoReader": "bdnet.codec.reader",
    "accelerate": "bdnet.inference.accelerate",
    "describe": "bdnet.codec.description",
    "load": "bdnet.inference.network",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
