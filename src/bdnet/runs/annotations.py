"""Values in a configuration that do not fit the annotations of the constructors they go to."""

import inspect
import math
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hydra.utils import get_object

from bdnet.errors import BdnetError

MISSING = "???"
UNIONS = (Union, types.UnionType)
LISTS = (list, tuple, Sequence, Collection, Iterable)
MAPPINGS = (dict, Mapping)
NONE = type(None)
PLAIN: dict[Any, Callable[[Any], bool]] = {
    NONE: lambda _: False,
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: lambda value: PLAIN[int](value) or (isinstance(value, float) and math.isfinite(value)),
    **dict.fromkeys((str, Path), lambda value: isinstance(value, str) and "\0" not in value),
}  # fmt: skip
WORDS = {
    bool: "true or false", int: "a whole number", float: "a number", str: "text",
    Path: "a path", NONE: "null",
}  # fmt: skip


def check_constructors(node: Any, path: str) -> None:
    """Refuses a value, at any depth, that its constructor's annotation does not allow.

    node: a plain container
    path: its dotted key
    """
    if isinstance(node, Mapping):
        hints = _hints(node.get("_target_"))
        for key, value in node.items():
            name = f"{path}.{key}"
            if key in hints and not fits(value, hints[key]):
                raise BdnetError(f"{name}={value}: {_meaning(hints[key])}")
            check_constructors(value, name)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            check_constructors(value, f"{path}.{number}")


def fits(value: Any, hint: Any) -> bool:
    """Whether a plain value fits an annotation; true of annotations that say nothing of it."""
    if value is None or value == MISSING:
        return True  # what needs a value reports its absence
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in UNIONS:
        return any(fits(value, one) for one in arguments)
    if origin is Literal:
        return value in arguments
    if hint in PLAIN:
        return PLAIN[hint](value)
    return _fits_container(value, origin or hint, arguments)


def _fits_container(value: Any, container: Any, arguments: Sequence[Any]) -> bool:
    if container is tuple and arguments and arguments[-1] is not ...:
        is_list = isinstance(value, list) and len(value) == len(arguments)
        return is_list and all(map(fits, value, arguments))
    if container in LISTS:
        inner = arguments[0] if arguments else Any
        return isinstance(value, list) and all(fits(item, inner) for item in value)
    if container in MAPPINGS:
        inner = arguments[1] if arguments else Any
        return isinstance(value, Mapping) and all(fits(item, inner) for item in value.values())
    return True


def _hints(target: Any) -> dict[str, Any]:
    """The annotations of a target's arguments; {} where it cannot be found or has none."""
    if not isinstance(target, str):
        return {}
    try:
        found = get_object(target)
        function = inspect.unwrap(found.__init__) if isinstance(found, type) else found  # type: ignore[misc]  # its own
        return get_type_hints(function)
    except Exception:  # whatever a foreign module or its annotations raise; Hydra reports it
        return {}


def _meaning(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in UNIONS:
        return " or ".join(dict.fromkeys(map(_meaning, arguments)))
    if origin is Literal:
        return f"use {' or '.join(map(str, arguments))}"
    if origin in LISTS or hint in LISTS:
        return "a list"
    if origin in MAPPINGS or hint in MAPPINGS:
        return "a mapping of keys"
    return WORDS.get(hint) or str(getattr(hint, "__name__", hint))
