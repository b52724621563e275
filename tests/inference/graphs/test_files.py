"""An export is there whole or not at all."""

from pathlib import Path

import pytest

from bdnet.errors import BdnetError
from bdnet.inference.graphs.files import staged


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lock"}


def test_files_appear_together_and_replace_an_earlier_export(tmp_path: Path):
    output = tmp_path / "deep/out"
    with staged(output) as folder:
        for name in ("key.onnx", "other.onnx", "graphs.json"):
            (folder / name).write_text("first")
        assert names(output) == {".partial"}
    (output / "notes.txt").write_text("mine")
    (output / "mine.onnx").write_text("mine")
    with staged(output) as folder:
        for name in ("key.onnx", "graphs.json"):
            (folder / name).write_text("second")
    assert names(output) == {"key.onnx", "graphs.json", "notes.txt", "mine.onnx"}
    assert (output / "key.onnx").read_text() == (output / "graphs.json").read_text() == "second"


def test_an_export_that_fails_leaves_the_one_before_it(tmp_path: Path):
    with staged(tmp_path) as folder:
        (folder / "graphs.json").write_text("first")
    with pytest.raises(BdnetError, match="differs"), staged(tmp_path) as folder:
        (folder / "graphs.json").write_text("second")
        raise BdnetError("differs")
    assert names(tmp_path) == {"graphs.json"}
    assert (tmp_path / "graphs.json").read_text() == "first"


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(BdnetError, match=r"file/out: cannot be written"):
        with staged(tmp_path / "file/out"):
            raise AssertionError
