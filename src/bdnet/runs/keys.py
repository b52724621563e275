"""Which values the keys of a verb may have: checked in one place, before the verb begins.

The keys of a verb's yaml have the kinds below; a default of true or false makes a switch, one of
null allows null. Below a `_target_` the annotations of its constructor are the kinds.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError

from bdnet.codec.search import SEARCHES
from bdnet.errors import BdnetError
from bdnet.runs.annotations import check_constructors

MOST = 2**31 - 1  # of whole numbers in the libraries below


class Kind(NamedTuple):
    """The values that a key may have.

    meaning: of the values, in words, after the key and a wrong value
    fits:    whether a value is one of them
    is_text: arguments are taken literally, such as paths with commas
    is_open: the key's mapping takes any keys, which change those of something else
    """

    meaning: str
    fits: Callable[[Any], bool]
    is_text: bool = False
    is_open: bool = False


def is_whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST


def is_number(value: Any) -> bool:
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return is_one and math.isfinite(value)


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def is_inside(path: Any) -> bool:
    """Whether a relative path leads nowhere else than below the folder that it starts from."""
    return is_text(path) and not PurePath(path).is_absolute() and ".." not in PurePath(path).parts


def whole(least: int) -> Kind:
    return Kind(f"a whole number from {least} to {MOST}", lambda value: is_whole(value, least))


def choice(*names: str) -> Kind:
    return Kind(f"use {' or '.join(names)}", names.__contains__)


def number(meaning: str, fits: Callable[[float], bool]) -> Kind:
    return Kind(meaning, lambda value: is_number(value) and fits(value))


def list_of(kind: Kind, meaning: str, also_one: bool = False) -> Kind:
    """A list, not empty, of values of a kind; or one of them without a list."""

    def fits(value: Any) -> bool:
        if also_one and kind.fits(value):
            return True
        return OmegaConf.is_list(value) and bool(value) and all(map(kind.fits, value))

    return Kind(meaning, fits)


SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
TEXT = Kind("a name or path, which is not empty", is_text, is_text=True)
NAME = Kind("a path without .., below the folder of runs", is_inside)
FILE = Kind(
    "a name without / or ..", lambda value: is_inside(value) and value == PurePath(value).name
)
TEXTS = Kind("a list of texts", lambda value: OmegaConf.is_list(value) and all(map(is_text, value)))
COUNT, SEED = whole(1), whole(0)
CHANGES = Kind("a mapping of keys", OmegaConf.is_dict, is_open=True)
ANY = Kind("any value", lambda _: True)

KINDS: dict[str, Kind] = {
    **dict.fromkeys(("batch", "classes", "clips", "frames", "interval", "max_pixels", "processes",
                     "repeats", "shards", "steps", "threads", "validate_every",
                     "checkpoint_every"), COUNT),
    **dict.fromkeys(("backbone", "boxed", "device", "evaluates", "film", "folder", "input",
                     "network", "output", "predictions", "recipe", "run", "runs", "sheet",
                     "video"), TEXT),
    **dict.fromkeys(("needs", "overrides", "sweeps"), TEXTS),
    "agreement": number("a share, from 0 to 1", lambda value: 0 <= value <= 1),
    "checkpoint": FILE,
    "costs": list_of(TEXT, "a file, or a list of files", also_one=True),
    "damaged": choice("refuse", "skip"),
    "distances": list_of(COUNT, "a list of whole numbers from 1 on"),
    "formats": list_of(choice("torch", "onnx"), "a list of torch, onnx, or both"),
    "fps": number("frames per second, above 0 and at most 1000", lambda value: 0 < value <= 1000),
    "ids": choice("class", "stored"),
    "init_from": list_of(TEXT, "the folder of a run, or a list of them", also_one=True),
    "kernel": choice("linear", "cubic"),
    "memory": number("a weight, from 0 to below 1", lambda value: 0 <= value < 1),
    "memory_format": choice("channels_last", "contiguous"),
    "motion": choice("stream", "search", "auto"),
    "name": NAME,
    "page": Kind("a path, or null", lambda value: value is None or is_text(value), is_text=True),
    "precision": choice("float32", "bfloat16"),
    "preprocess": Kind("a mapping, such as {mean: [R, G, B], std: [R, G, B]}", OmegaConf.is_dict),
    "quality": choice("fast", "balanced", "best"),
    "search": choice(*SEARCHES),
    "seed": SEED,
    "shard": whole(0),
    "size": Kind("[height, width], both from 8 pixels on", lambda value: OmegaConf.is_list(value)
                 and len(value) == 2 and all(is_whole(side, 8) for side in value)),
    "stride": number("pixels per cell, above 0", lambda value: value > 0),
    "tolerance": number("a number from 0 on", lambda value: value >= 0),
    "track": whole(0),
    "compare.labels": TEXT,
    "evaluate.data": CHANGES,
    "evaluate.interval": list_of(COUNT, "a whole number from 1 on, or a list such as [1,5,10]",
                                 also_one=True),
    "evaluate.model": CHANGES,
    "evaluate.split": choice("val", "test"),
    "evaluate.trainer": CHANGES,
    "probe.split": choice("train", "val", "test"),
    "train.checkpoint": choice("last", "best"),
    "train.identity": ANY,  # set by the training
}  # fmt: skip


NULLABLE = ("page",)  # though their default is not null


def kinds_of(verb: str, declared: Mapping[str, Any]) -> dict[str, Kind]:
    """The kinds of the keys of a verb, but for mappings, which are checked key by key.

    declared: its yaml, with interpolations unresolved
    """
    kinds: dict[str, Kind] = {}
    for key, default in declared.items():
        kind = kind_of(verb, key)
        if isinstance(default, bool) or kind is not None:
            kinds[key] = kind or SWITCH
    return kinds


def kind_of(verb: str, key: str) -> Kind | None:
    return KINDS.get(f"{verb}.{key}") or KINDS.get(key)


def check_value(key: str, value: Any, kind: Kind | None) -> None:
    if kind is not None and not kind.fits(value):
        raise BdnetError(f"{key}={value}: {kind.meaning}")


def check_keys(verb: str, config: DictConfig, declared: Mapping[str, Any]) -> None:
    """Refuses wrong values, with key and value."""
    for key, kind in kinds_of(verb, declared).items():
        is_null = config[key] is None and (declared[key] is None or key in NULLABLE)
        if not is_null:
            check_value(key, config[key], kind)
    for key, default in declared.items():
        if isinstance(default, dict) and "_target_" in default:
            check_value(key, config[key], CHANGES)
    for name, node in config.items():
        if OmegaConf.is_config(node):
            check_constructors(_plain(node), str(name))


def _plain(node: Any) -> Any:
    """Its content; unresolved where it refers to keys of other verbs, as logger=wandb in report."""
    try:
        return OmegaConf.to_container(node, resolve=True)
    except InterpolationKeyError:
        return OmegaConf.to_container(node, resolve=False)
