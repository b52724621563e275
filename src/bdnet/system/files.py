"""Small files that are written whole or not at all."""

import glob
import json
import os
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bdnet.errors import BdnetError


def read_json(path: Path) -> dict[str, Any]:
    """Reads a file that holds one JSON object."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BdnetError(f"{path}: cannot be read as JSON ({error}); make it again") from error
    if not isinstance(content, dict):
        raise BdnetError(f"{path}: a {type(content).__name__} where an object is expected")
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write(path, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())


def write(path: Path, content: bytes) -> None:
    """Writes all of the content or none of it; makes the folder."""
    check_file(path)
    try:
        remove_abandoned(path)
        replace_file(path, content)
    except OSError as error:
        raise BdnetError(
            f"{path}: cannot be written ({error}); free space on its disk, or name another path"
        ) from error


def check_file(path: Path) -> None:
    """Refuses a path that no file can have, before the work whose result it shall be."""
    if not path.name or path.is_dir():
        raise BdnetError(f"{path}: a folder; name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BdnetError(f"{path}: cannot be written ({error}); name another path") from error


def replace_file(path: Path, content: bytes | memoryview) -> None:
    """As `write`, but raises OSError and leaves copies of killed processes."""
    partial = partial_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def partial_path(path: Path, process: int | None = None) -> Path:
    """Name of a file while it is incomplete: hidden, with the same suffix, one per process."""
    process = os.getpid() if process is None else process
    return path.with_name(f".{path.stem}.{socket.gethostname()}-{process}.partial{path.suffix}")


def remove_abandoned(path: Path) -> None:
    """Removes incomplete copies that killed processes of this machine have left of a path."""
    prefix, suffix = partial_path(path, 0).name.split("-0.partial")
    for partial in path.parent.glob(f"{glob.escape(prefix)}-*.partial{suffix}"):
        process = partial.name.removeprefix(f"{prefix}-").removesuffix(f".partial{suffix}")
        if process.isdigit() and not _is_alive(int(process)):
            remove(partial)


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replace_folder(partial: Path, path: Path) -> None:
    """Gives a complete folder its name; an earlier one is moved aside first, and then removed."""
    aside = partial_path(path.with_name(f"{path.stem}.earlier{path.suffix}"))
    remove(aside)
    if path.exists() or path.is_symlink():
        path.replace(aside)
    partial.replace(path)
    remove(aside)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
