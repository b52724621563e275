"""Loads whole networks from checkpoints, and parts of one network into another."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from bdnet.models.base import VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.published import family_of, translated
from bdnet.models.weights import read

log = logging.getLogger(__name__)

STUDENT = "student."  # prefix of a trained network's weights in our checkpoints


def restore(model: nn.Module, path: Path) -> None:
    """Loads a whole network, strictly, also from a checkpoint that holds more than the network.

    The checkpoint may be another author's of the same network; see `published`.
    """
    weights, wanted = read(path), model.state_dict()
    matching = _own(weights, wanted) or _published(model, weights, path)
    for name, weight in wanted.items():
        shape = matching[name].shape
        if shape != weight.shape:
            raise BadModel(
                f"checkpoint={path}: {name} is {list(shape)}, not {list(weight.shape)}; "
                "use the backbone and the number of classes that it was trained with"
            )
    model.load_state_dict(matching)


def _own(weights: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A network's weights in one of our checkpoints; empty, if it is not there."""
    first = next(iter(wanted))
    prefixes = [key.removesuffix(first) for key in weights if key.endswith(first)]
    for prefix in prefixes:
        matching = {name: weights[prefix + name] for name in wanted if prefix + name in weights}
        rest = sum(key.startswith(prefix) for key in weights) - len(matching)
        if len(matching) == len(wanted) and (not rest or not prefix):
            return matching
    return {}


def _published(model: nn.Module, weights: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    found = translated(model, weights)
    if found is None:
        family, name = family_of(weights), type(model).__name__
        reason = (
            f"does not hold this {name}; use the settings (backbone, boundary) that it was trained "
            "with, or train it again"
            if family is None
            else f"is {family.name} network, and not this {name}; {family.remedy}"
        )
        raise BadModel(f"checkpoint={path}: {reason}")
    log.info(
        "weights of %s%s%s", path,
        f"; new here: {', '.join(found.new)}" if found.new else "",
        f"; not used: {', '.join(found.unused)}" if found.unused else "",
    )  # fmt: skip
    return found.weights


def inherit(model: VideoModel, paths: Sequence[Path]) -> None:
    """Loads the parts of this network that runs' checkpoints have; other parts stay new.

    If several have a part, the first one's is taken.
    """
    weights, folder_of = _gathered(paths)
    wanted = model.state_dict()
    origins = _origins(wanted, model.aliases, weights)
    folders = ", ".join(str(path.parent) for path in paths)
    if not origins:
        raise BadModel(
            f"init_from={folders}: holds no part of this {type(model).__name__}, but "
            f"{', '.join(sorted(folder_of)) or 'no trained network'}; use a run of the same "
            "backbone"
        )
    taken = {
        name: weights[origin] if name == origin else model.share(name, weights[origin])
        for name, origin in origins.items()
        if origin in weights
    }
    for name, origin in origins.items():
        if name not in taken or taken[name].shape != wanted[name].shape:
            has = f"is {list(weights[origin].shape)}" if name in taken else "is missing"
            raise BadModel(
                f"init_from={folder_of[_part(origin)]}: {origin} {has} there and is "
                f"{list(wanted[name].shape)} here; "
                "use the same backbone, head, propagation and number of classes"
            )
    model.load_state_dict(wanted | taken)
    used = {_part(origin) for origin in origins.values()}
    started = {_part(name) for name in origins}
    new = {
        f"the rest of {part}" if part in started else part
        for part in map(_part, wanted.keys() - origins.keys())
    }
    unused = folder_of.keys() - used
    log.info(
        "weights of %s: %s%s%s", folders, ", ".join(sorted(used)),
        f"; new here: {', '.join(sorted(new))}" if new else "",
        f"; not used: {', '.join(sorted(unused))}" if unused else "",
    )  # fmt: skip


def _part(name: str) -> str:
    return name.partition(".")[0]


def _origins(
    names: Iterable[str], aliases: Mapping[str, str], weights: Collection[str]
) -> dict[str, str]:
    """The name in the checkpoints of each weight that a part of theirs holds."""
    parts = {_part(name) for name in weights}
    origins = {}
    for name in names:
        alias = next((own for own in aliases if name.startswith(f"{own}.")), None)
        if _part(name) in parts:
            origins[name] = name
        elif alias is not None and any(key.startswith(f"{aliases[alias]}.") for key in weights):
            origins[name] = aliases[alias] + name.removeprefix(alias)
    return origins


def _gathered(paths: Sequence[Path]) -> tuple[dict[str, Tensor], dict[str, Path]]:
    """The students' weights by name, and the folder of each part."""
    weights: dict[str, Tensor] = {}
    folder_of: dict[str, Path] = {}
    for path in paths:
        student = {
            name.removeprefix(STUDENT): weight
            for name, weight in read(path).items()
            if name.startswith(STUDENT)
        }
        new = {_part(name) for name in student} - folder_of.keys()
        folder_of |= dict.fromkeys(new, path.parent)
        weights |= {name: weight for name, weight in student.items() if _part(name) in new}
    return weights, folder_of
