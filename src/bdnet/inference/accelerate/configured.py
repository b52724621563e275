"""Accelerated networks as commands name them: `network=torchvision:deeplabv3_resnet50`."""

from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet.inference.accelerate.accelerated import Accelerated, accelerate
from bdnet.inference.accelerate.settings import preset_of

# of a command's configuration, as `accelerate` takes them
SAME = (
    "memory", "kernel", "stride", "preprocess", "device", "precision", "threads", "batch", "trust",
)  # fmt: skip


def accelerated_of(config: DictConfig) -> Accelerated:
    """The network of a command, with the rule for keyframes that it says."""
    quality = config.quality
    interval = preset_of(quality).interval if config.interval is None else config.interval
    keyframe = instantiate(OmegaConf.merge(config, {"interval": interval}).keyframe)
    options: dict[str, Any] = {key: _plain(config[key]) for key in SAME}
    return accelerate(config.network, keyframe=keyframe, quality=quality, **options)


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
