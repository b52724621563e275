"""Small files that are there whole or not at all."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bdnet.errors import BdnetError


def read_json(path: Path) -> dict[str, Any]:
    """A file that holds one JSON object."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BdnetError(f"{path}: cannot be read as JSON ({error}); make it again") from error
    if not isinstance(found, dict):
        raise BdnetError(f"{path}: a {type(found).__name__} where an object is expected")
    return found


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write(path, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())


def write(path: Path, content: bytes) -> None:
    """All of the content or none of it; makes the folder."""
    try:
        put(path, content)
    except OSError as error:
        raise BdnetError(f"{path}: cannot be written ({error}); say another place") from error


def put(path: Path, content: bytes) -> None:
    """The same, with the system's own error."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
