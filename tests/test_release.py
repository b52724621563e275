"""What a release says of itself is the same everywhere."""

import re
import tomllib
from pathlib import Path

import yaml

import bdnet

ROOT = Path(__file__).parent.parent


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == bdnet.__version__ == citation["version"]
    changes = (ROOT / "CHANGELOG.md").read_text()
    (newest, date), *_ = re.findall(r"^## (\d\S+) \((\S+)\)", changes, re.MULTILINE)
    assert newest == bdnet.__version__
    assert date == str(citation["date-released"])
    assert {"title", "authors", "license", "message"} <= citation.keys()


def test_the_package_is_typed():
    assert (ROOT / "src/bdnet/py.typed").is_file()
