"""The configuration files of the verbs."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

PACKAGE = Path(__file__).parent.parent


def conf_folder() -> Path:
    """conf/: inside the package in an installed wheel, beside src/ in a checkout."""
    installed = PACKAGE / "conf"
    return installed if installed.is_dir() else PACKAGE.parent.parent / "conf"


def declared(verb: str) -> dict[str, Any]:
    """The yaml of a verb as it is, with interpolations unresolved."""
    keys = OmegaConf.to_container(OmegaConf.load(conf_folder() / f"{verb}.yaml"))
    assert isinstance(keys, dict)
    return {str(key): value for key, value in keys.items()}
