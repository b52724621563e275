"""albumentations, imported without the look over the network for its newest version."""

import os
from importlib import import_module
from typing import Any

_SILENT = "NO_ALBUMENTATIONS_UPDATE"  # albumentations reads it when it is imported

_said = os.environ.get(_SILENT)
os.environ[_SILENT] = "1"
A: Any = import_module("albumentations")  # its own documentation's name
if _said is None:
    del os.environ[_SILENT]
else:
    os.environ[_SILENT] = _said
