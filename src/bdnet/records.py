"""Small files that are there whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bdnet.errors import BdnetError


def read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BdnetError(f"{path}: not JSON ({error}); delete it and run again") from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """The whole text or nothing of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(path)
