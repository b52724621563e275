"""Small files that are there whole or not at all."""

import glob
import json
import os
import socket
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
        remove_abandoned(path)
        put(path, content)
    except OSError as error:
        raise BdnetError(
            f"{path}: cannot be written ({error}); free space on its disk, or say another place"
        ) from error


def put(path: Path, content: bytes | memoryview) -> None:
    """The same, with the system's own error."""
    partial = partial_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def partial_path(path: Path, process: int | None = None) -> Path:
    """Where a process writes until a file is complete: hidden, and with the same ending."""
    process = os.getpid() if process is None else process
    return path.with_name(f".{path.stem}.{socket.gethostname()}-{process}.partial{path.suffix}")


def remove_abandoned(path: Path) -> None:
    """Removes what processes of this machine that were killed left of the same file."""
    prefix, suffix = partial_path(path, 0).name.split("-0.partial")
    for left in path.parent.glob(f"{glob.escape(prefix)}-*.partial{suffix}"):
        process = left.name.removeprefix(f"{prefix}-").removesuffix(f".partial{suffix}")
        if process.isdigit() and not _is_alive(int(process)):
            left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
