"""The network of a run: loaded with its trained weights, ready to segment videos."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet.codec.pictures import Video
from bdnet.codec.search import Motion, Search
from bdnet.data.classes import Classes
from bdnet.inference.streaming import segment
from bdnet.keyframes.base import Keyframes
from bdnet.models.base import VideoModel
from bdnet.models.checkpoints import inherit, restore
from bdnet.models.for_inference import for_inference
from bdnet.models.precision import Precision
from bdnet.runs.identity import check_trust
from bdnet.runs.run import Run
from bdnet.types import Segmentation


class Network(NamedTuple):
    """A trained network with its classes.

    interval: frames from one keyframe to the next that it was trained for
    name:     of the run that it comes from
    """

    model: VideoModel
    classes: Classes
    interval: int
    name: str

    def segment(
        self,
        video: Video,
        interval: Keyframes | int | None = None,
        precision: Precision = "float32",
        motion: Motion = "auto",
        search: Search | str = "default",
    ) -> Iterator[Segmentation]:
        """Every frame of a video with its labels, while it is being decoded.

        video:          any source of `bdnet.VideoReader`
        interval:       frames from one keyframe to the next, None for the interval of training; or
                        a rule
        motion, search: as in `bdnet.VideoReader`
        """
        keyframes = self.interval if interval is None else interval
        model = for_inference(self.model)
        rule = keyframes if model.looks_back else 1
        return segment(video, model, rule, precision=precision, motion=motion, search=search)


def load(path: Path | str, checkpoint: str = "last", changes: DictConfig | None = None) -> Network:
    """The network of a finished run, with its trained weights.

    path:       the run's folder, or one of the checkpoints in it
    checkpoint: which of the folder's checkpoints: last, or best of validation
    changes:    to the configuration of the network, which takes over the weights that fit it
    """
    path = Path(path)
    if path.suffix == ".ckpt":
        path, checkpoint = path.parent, path.stem
    run = Run(path)
    config = run.config()
    weights = run.checkpoint(checkpoint)
    if changes:
        config.model = changed(config.model, changes)
    model = untrained(config)
    if changes:
        inherit(model, [weights])
    else:
        restore(model, weights)
    facts = run.facts()
    return Network(model.eval(), _classes(facts["classes"]), config.interval, facts["name"])


def _classes(facts: Mapping[str, Any]) -> Classes:
    stored = facts.get("stored")  # missing in older runs
    return Classes(
        tuple(facts["names"]),
        tuple((r, g, b) for r, g, b in facts["colours"]),
        None if stored is None else tuple((value, number) for value, number in stored),
    )


def changed(model: DictConfig, changes: DictConfig) -> DictConfig:
    """A network's configuration with some keys changed, and whole parts exchanged."""
    given = {str(key): part for key, part in changes.items()}
    if "_target_" in given:
        kept = {key: model[key] for key in ("classes", "backbone") if given.get(key) is None}
        return OmegaConf.create({**given, **kept})
    parts = {
        key: part
        for key, part in given.items()
        if isinstance(part, DictConfig) and "_target_" in part
    }
    rest = {key: value for key, value in given.items() if key not in parts}
    merged = OmegaConf.merge(model, rest)
    assert isinstance(merged, DictConfig)
    for key, part in parts.items():
        merged[key] = part  # whole: its keys are another class's
    return merged


def untrained(config: DictConfig) -> VideoModel:
    """The network of a run's configuration, before training."""
    check_trust(config.model)
    # the run's weights come next; the backbone's file may be gone
    overrides = {"weights": "none"} if "weights" in config.model else {}
    model = instantiate(config.model, _convert_="all", **overrides)
    assert isinstance(model, VideoModel)
    return model


def trained(run: str, checkpoint: str = "last") -> VideoModel:
    """A run's network as a `_target_`: a teacher."""
    return load(run, checkpoint).model
