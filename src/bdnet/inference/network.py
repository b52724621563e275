"""The network of a run: loaded with its trained weights, ready to segment videos."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from bdnet.codec.pictures import Video
from bdnet.codec.search import Motion, Search
from bdnet.data.classes import Classes
from bdnet.errors import BdnetError
from bdnet.inference.streaming import segment
from bdnet.keyframes.base import Keyframes
from bdnet.models.base import VideoModel
from bdnet.models.checkpoints import inherit, restore
from bdnet.models.errors import BadModel
from bdnet.models.for_inference import for_inference
from bdnet.models.precision import Precision
from bdnet.runs.annotations import check_constructors
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
        track: int | None = None,
    ) -> Iterator[Segmentation]:
        """Every frame of a video with its labels, while it is being decoded.

        video:          any source of `bdnet.VideoReader`
        interval:       frames from one keyframe to the next, None for the interval of training; or
                        a rule
        motion, search, track: as in `bdnet.VideoReader`
        """
        keyframes = self.interval if interval is None else interval
        model = for_inference(self.model)
        rule = keyframes if model.looks_back else 1
        options = {"motion": motion, "search": search, "track": track}
        return segment(video, model, rule, precision=precision, **options)


def load(path: Path | str, checkpoint: str = "last", changes: DictConfig | None = None) -> Network:
    """The network of a finished run, or one of the package, with its trained weights.

    path:       the run's folder, one of the checkpoints in it, or the name of a network in the
                package, such as streets
    checkpoint: which of the folder's checkpoints: last, or best of validation
    changes:    to the configuration of the network, which takes over the weights that fit it
    """
    path = Path(path)
    if path.suffix == ".ckpt":
        path, checkpoint = path.parent, path.stem
    run = Run(path)
    config = _checked(run)
    weights = run.checkpoint(checkpoint)
    if changes:
        config.model = changed(config.model, changes)
    classes, path = _classes(run), run.folder / "config.yaml"
    if config.model.get("classes") != len(classes):
        raise BadModel(
            f"{path}: a network of {config.model.get('classes')} classes, and run.json names "
            f"{len(classes)}; copy the run again"
        )
    model = untrained(config)
    if changes:
        inherit(model, [weights])
    else:
        restore(model, weights)
    return Network(model.eval(), classes, config.interval, str(run.fact("name")))


def _checked(run: Run) -> DictConfig:
    """A run's configuration, with the keys that its network needs."""
    config, path = run.config(), run.folder / "config.yaml"
    if not isinstance(config.get("model"), DictConfig) or "_target_" not in config.model:
        raise BadModel(f"{path}: has no model with a _target_; copy the run again")
    interval = config.get("interval")
    if not isinstance(interval, int) or interval < 1:
        raise BadModel(f"{path}: interval={interval}: a whole number from 1 on; copy the run again")
    return config


def _classes(run: Run) -> Classes:
    facts = run.fact("classes")
    try:
        stored = facts.get("stored")  # missing in older runs
        return Classes(
            tuple(map(str, facts["names"])),
            tuple((r, g, b) for r, g, b in facts["colours"]),
            None if stored is None else tuple((value, number) for value, number in stored),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise BadModel(
            f"{run.folder / 'run.json'}: classes: {reason}; copy the run again"
        ) from error


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
    # the run's weights come next; a backbone's file may be gone, and no download shall start
    settings = _without_weights(OmegaConf.to_container(config.model, resolve=True))
    check_constructors(settings, "model")
    try:
        model = instantiate(settings, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, BdnetError):
            raise error.__cause__ from error
        reason = str(error.__cause__ or error).splitlines()[0]
        raise BadModel(f"config.yaml: its network cannot be built: {reason}") from error
    if not isinstance(model, VideoModel):
        raise BadModel(f"config.yaml: model: {settings['_target_']} is no network for videos")
    return model


def _without_weights(node: Any) -> Any:
    """A configuration whose networks begin untrained."""
    if isinstance(node, dict):
        return {
            key: "none" if key == "weights" and isinstance(value, str) else _without_weights(value)
            for key, value in node.items()
        }
    return [_without_weights(value) for value in node] if isinstance(node, list) else node


def trained(run: str, checkpoint: str = "last") -> VideoModel:
    """A run's network as a `_target_`: a teacher."""
    return load(run, checkpoint).model
