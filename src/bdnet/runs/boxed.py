"""The networks in the package: small trained ones, which `bdnet.load` finds by their name.

networks/
  index.yaml   a card of each: classes, data, command, scores, operations, digest, licence
  NAME/        config.yaml and run.json of its run, and the weights, last.safetensors
"""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from bdnet.errors import BdnetError

FOLDER = Path(__file__).parent.parent / "networks"
WEIGHTS = "last.safetensors"


def cards() -> dict[str, dict[str, Any]]:
    """What index.yaml says of each network, by name."""
    content: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "index.yaml").read_text("utf-8"))
    return content


def boxed_folder(name: Path | str) -> Path | None:
    """The folder of a network in the package; None where there is none, or a folder of yours."""
    folder = FOLDER / str(name)
    if Path(name).exists() or Path(name).name != str(name) or not (folder / WEIGHTS).is_file():
        return None
    return folder


def check_weights(path: Path) -> None:
    """Refuses weights of the package that are not those of its index."""
    if path.parent.parent != FOLDER:
        return
    name = path.parent.name
    digest = cards()[name]["sha256"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise BdnetError(f"{path}: not the weights of {name} ({digest[:10]}); install bdnet again")
