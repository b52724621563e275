"""YAML of strangers: as it is, or refused before it takes much."""

import itertools
import os
from pathlib import Path

import pytest
import yaml

from bdnet.errors import BdnetError
from bdnet.system.yaml_text import BYTES, yaml_text

LETTERS = "abcdefghi"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in itertools.pairwise(LETTERS)
)


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text", ["", "a: [1, 2]\n", "a: &x [1, 2]\nb: *x\n", "- é\n", "- a: {b: [c]}\n- 5\n", "5"]
)
def test_ordinary_text_is_read(tmp_path: Path, text: str):
    assert yaml.safe_load(yaml_text(written(tmp_path, text))) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "text",
    [
        BOMB, "a: &a [*a]\n", "a: *b\n", "[" * 5000 + "]" * 5000, "{a: " * 500 + "}" * 500,
        "[" + "c, " * 200_000 + "]", b"a: \xe9\n", "a: [\n", "a" * (BYTES + 1), "a: \x00\n",
    ],
    ids=lambda text: str(text)[:12],
)  # fmt: skip
def test_what_takes_too_much_is_refused_with_its_name(tmp_path: Path, text: str | bytes):
    with pytest.raises(BdnetError, match=r"file\.yaml"):
        yaml_text(written(tmp_path, text))


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for name in ("pipe.yaml", "absent.yaml", "."):
        with pytest.raises(BdnetError, match="no file"):
            yaml_text(tmp_path / name)
