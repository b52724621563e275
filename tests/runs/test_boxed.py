"""The networks in the package: what their index says is so, and they label streets."""

import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import bdnet
from bdnet.data.streets import StreetParameters, render
from bdnet.errors import BdnetError
from bdnet.metrics.segmentation import confusion_of, iou
from bdnet.runs import boxed
from bdnet.runs.boxed import FOLDER, WEIGHTS, boxed_folder, cards
from bdnet.runs.run import Run
from command import command
from videos import Video

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", cards())
def test_a_card_says_what_its_network_is(name: str):
    card, network = cards()[name], bdnet.load(name)
    content = (FOLDER / name / WEIGHTS).read_bytes()
    assert (card["bytes"], card["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert len(content) <= 4_000_000
    assert card["classes"] == list(network.classes.names)
    assert card["parameters"] == sum(weight.numel() for weight in network.model.parameters())
    assert len(card["miou"]) == len(card["deviation"]) == network.interval
    assert card["commit"] == Run(name).fact("commit")
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(cards())


def test_pages_of_cards_are_those_of_the_index(monkeypatch: pytest.MonkeyPatch):
    if not (ROOT / "results").is_dir():
        pytest.skip("an installed package has no documents")
    monkeypatch.syspath_prepend(ROOT / "results")
    model_cards = __import__("model_cards")
    for name, card in cards().items():
        assert (ROOT / f"docs/models/{name}.md").read_text() == model_cards.page(name, card)
    sys.modules.pop("model_cards")


def test_the_network_labels_streets_that_it_has_not_seen():
    drive = list(render(StreetParameters(height=256, width=512, length=6), (9, 9, 9)))
    images = [image for image, _ in drive]
    counts = sum(
        confusion_of(truth, frame.labels, len(cards()["streets"]["classes"]))
        for frame, (_, truth) in zip(bdnet.load("streets").segment(images), drive, strict=True)
    )
    assert np.nanmean(iou(counts)) > 0.4


def test_a_folder_of_yours_comes_before_a_network_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert boxed_folder("streets") == FOLDER / "streets"
    assert boxed_folder("runs/streets") is None
    assert boxed_folder(".") is None
    (tmp_path / "streets").mkdir()
    assert Run("streets").folder == Path("streets")
    with pytest.raises(BdnetError, match=r"config\.yaml"):
        bdnet.load("streets")


def test_other_weights_than_those_of_the_index_are_refused(tmp_path, monkeypatch):
    shutil.copytree(FOLDER, tmp_path / "networks")
    monkeypatch.setattr(boxed, "FOLDER", tmp_path / "networks")
    path = tmp_path / "networks/streets" / WEIGHTS
    assert bdnet.load("streets").interval > 1
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BdnetError, match="install bdnet again"):
        bdnet.load("streets")


def test_commands_take_it_by_its_name_and_write_nothing_into_the_package(tmp_path: Path):
    Video(size=(64, 96), frames=3).write(tmp_path / "drive.mp4")
    answer = command("predict", "run=streets", "video=drive.mp4", "output=out", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "out/drive.overlay.mp4").is_file()
    refused = command("evaluate", "run=streets", folder=tmp_path)
    assert refused.returncode == 1
    assert "output=" in refused.stderr
