"""What segments the videos of `predict`: the network of a run, or any other one, accelerated."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.configured import accelerated_of
from bdnet.inference.network import Network, load
from bdnet.inference.streaming import FrameImages, Segmentations, Stream
from bdnet.keyframes.base import Keyframes
from bdnet.keyframes.fixed import Fixed
from bdnet.models.device import device_of
from bdnet.models.for_inference import for_inference


class Predictor(NamedTuple):
    """What segments the videos: the network of a run, or any other one.

    open:  of a video, the stream of its segmentations
    facts: about it, for summary.json
    """

    open: Callable[[str, FrameImages], Segmentations]
    classes: Classes
    facts: dict[str, Any]


def predictor_of(config: DictConfig, videos: Iterable[str]) -> Predictor:
    """What `run=` or `network=` of a command names; videos: those that it is for."""
    if (config.run is None) == (config.network is None):
        raise BdnetError(
            "choose a network: run=FOLDER of a finished training, or network=NAME of any other "
            "network, such as torchvision:deeplabv3_resnet50"
        )
    return _of_run(config) if config.network is None else _of_network(config, videos)


def _of_run(config: DictConfig) -> Predictor:
    if config.live:
        raise BdnetError(f"live=true is for network=: use network=run:{config.run}")
    trained = load(config.run, config.checkpoint)
    rule, model = keyframe_rule(config, trained), for_inference(trained.model)
    device = device_of(config.device)
    model.to(device).to(memory_format=torch.channels_last)
    facts = {"run": trained.name, "checkpoint": config.checkpoint}
    options = {key: config[key] for key in ("precision", "motion", "search", "track")}
    return Predictor(
        lambda video, images: Stream(video, model, rule, images, **options),
        trained.classes,
        facts | {"keyframes": str(rule), "device": str(device)},
    )


def _of_network(config: DictConfig, videos: Iterable[str]) -> Predictor:
    fast = accelerated_of(config)
    options = {key: config[key] for key in ("motion", "search", "live", "track")}
    return Predictor(
        lambda video, images: fast.video(video, images, **options),
        fast.classes_in(videos, config.track),
        {"network": config.network, "keyframes": str(fast.keyframes)}
        | fast.settings._asdict()
        | {"device": str(fast.network.device)},
    )


def keyframe_rule(config: DictConfig, trained: Network) -> Keyframes:
    """The configured rule, by default the interval of training.

    A network that segments every frame by itself reads all of them, whatever is configured.
    """
    interval = trained.interval if config.interval is None else config.interval
    rule: Keyframes = instantiate(OmegaConf.merge(config, {"interval": interval}).keyframe)
    return rule if trained.model.looks_back else Fixed(1)
