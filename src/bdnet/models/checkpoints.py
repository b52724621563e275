"""Whole networks out of checkpoints, and parts of one network for another."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from bdnet.models.base import VideoModel
from bdnet.models.errors import BadModel
from bdnet.models.weights import read

log = logging.getLogger(__name__)

STUDENT = "student."  # of the names of a trained network's weights in our checkpoints


def restore(model: nn.Module, path: Path) -> None:
    """Loads a whole network, strictly, also out of a checkpoint that holds more than it."""
    found = read(path)
    names = list(model.state_dict())
    first = names[0]
    prefixes = [key.removesuffix(first) for key in found if key.endswith(first)]
    for prefix in prefixes:
        mine = {name: found[prefix + name] for name in names if prefix + name in found}
        rest = sum(key.startswith(prefix) for key in found) - len(mine)
        if len(mine) == len(names) and (not rest or not prefix):
            break
    else:
        raise BadModel(
            f"checkpoint={path}: does not hold this {type(model).__name__}; use the settings "
            "(backbone, boundary) that it was trained with, or train it again"
        )
    wrong = [name for name, each in model.state_dict().items() if mine[name].shape != each.shape]
    if wrong:
        raise BadModel(
            f"checkpoint={path}: {wrong[0]} is {list(mine[wrong[0]].shape)}, not "
            f"{list(model.state_dict()[wrong[0]].shape)}; use the backbone and the number of "
            "classes that it was trained with"
        )
    model.load_state_dict(mine)


def inherit(model: VideoModel, paths: Sequence[Path]) -> None:
    """Takes over from runs' checkpoints what this network has too; a part they lack stays new.

    Of a part that several hold, the first one's counts.
    """
    found, homes = _gathered(paths)
    wanted = model.state_dict()
    origins = _origins(wanted, model.aliases, homes)
    folders = ", ".join(str(path.parent) for path in paths)
    if not origins:
        raise BadModel(
            f"init_from={folders}: holds no part of this {type(model).__name__}, but "
            f"{', '.join(sorted(homes)) or 'no trained network'}; use a run of the same backbone"
        )
    for name, origin in origins.items():
        if origin not in found or found[origin].shape != wanted[name].shape:
            has = f"is {list(found[origin].shape)}" if origin in found else "is missing"
            raise BadModel(
                f"init_from={homes[_part(origin)]}: {origin} {has} there and is "
                f"{list(wanted[name].shape)} here; "
                "use the same backbone, head, propagation and number of classes"
            )
    model.load_state_dict(wanted | {name: found[origin] for name, origin in origins.items()})
    taken = {_part(origin) for origin in origins.values()}
    started = {_part(name) for name in origins}
    new = {
        f"the rest of {part}" if part in started else part
        for part in map(_part, wanted.keys() - origins.keys())
    }
    left = homes.keys() - taken
    log.info(
        "weights of %s: %s%s%s", folders, ", ".join(sorted(taken)),
        f"; new here: {', '.join(sorted(new))}" if new else "",
        f"; not used: {', '.join(sorted(left))}" if left else "",
    )  # fmt: skip


def _part(name: str) -> str:
    return name.partition(".")[0]


def _origins(
    names: Iterable[str], aliases: Mapping[str, str], parts: Collection[str]
) -> dict[str, str]:
    """Under which name each weight is found among these parts; without those that are not."""
    found = {}
    for name in names:
        alias = next((own for own in aliases if name.startswith(f"{own}.")), None)
        if _part(name) in parts:
            found[name] = name
        elif alias is not None and _part(aliases[alias]) in parts:
            found[name] = aliases[alias] + name.removeprefix(alias)
    return found


def _gathered(paths: Sequence[Path]) -> tuple[dict[str, Tensor], dict[str, Path]]:
    """The students' weights by name, and the folder that each part of them comes from."""
    found: dict[str, Tensor] = {}
    homes: dict[str, Path] = {}
    for path in paths:
        weights = {
            name.removeprefix(STUDENT): each
            for name, each in read(path).items()
            if name.startswith(STUDENT)
        }
        new = {_part(name) for name in weights} - homes.keys()
        homes |= dict.fromkeys(new, path.parent)
        found |= {name: each for name, each in weights.items() if _part(name) in new}
    return found, homes
