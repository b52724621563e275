"""Files that are there whole or not at all."""

import math
from pathlib import Path

import pytest

from bdnet.errors import BdnetError
from bdnet.system.files import read_json, write, write_json


def test_what_is_written_is_read(tmp_path: Path):
    path = tmp_path / "a/b/metrics.json"
    write_json(path, {"miou": [0.5, None], "name": "x"})
    assert read_json(path) == {"miou": [0.5, None], "name": "x"}
    write_json(path, {"name": "y"})
    assert read_json(path) == {"name": "y"}
    assert [file.name for file in path.parent.iterdir()] == ["metrics.json"]


def test_a_number_that_json_has_not_is_a_defect_of_ours(tmp_path: Path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"miou": math.nan})
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.json"
    write(path, b"{}")

    def fail(self: Path, content: bytes) -> None:
        with self.open("wb") as file:
            file.write(content[:1])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(BdnetError, match=r"a\.json.*No space left"):
        write(path, b'{"b": 1}')
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    assert path.read_text() == "{}"


@pytest.mark.parametrize("content", ["", "{", "[1]"])
def test_what_is_no_json_object_is_named(tmp_path: Path, content: str):
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(BdnetError, match=r"run\.json"):
        read_json(path)
