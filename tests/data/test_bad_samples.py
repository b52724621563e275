"""Training over damaged files: an error that names them, or other clips in their place."""

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from bdnet.codec import UnsupportedStream
from bdnet.data.bad_samples import BadSamples
from bdnet.data.datasets.folder import Folder
from bdnet.data.errors import BadData
from bdnet.data.module import ClipDataModule
from bdnet.errors import BdnetError
from bdnet.types import Clip
from tiny_training import checkpoint, interrupt_at, metrics, run, settings
from trees import label, same, write, write_video
from videos import overwrite, packet_positions

COUNT = 12  # videos, each with a label of frame 5
HARMED = "videos/03.mp4"


def flip(root: Path) -> None:
    """Changes bits all over the picture of frame 5."""
    position, size = packet_positions(root / HARMED)[5]
    data = bytearray((root / HARMED).read_bytes()[position : position + size])
    data[5:] = bytes(byte ^ 0x55 for byte in data[5:])
    overwrite(root / HARMED, position, bytes(data))


def zero(root: Path) -> None:
    position, size = packet_positions(root / HARMED)[5]
    overwrite(root / HARMED, position, bytes(size))


def truncate(root: Path) -> None:
    """A video that ends after frame 3."""
    write_video(root / HARMED, frames=4)


def cut_off(root: Path) -> None:
    content = (root / HARMED).read_bytes()
    (root / HARMED).write_bytes(content[: len(content) // 2])


def empty(root: Path) -> None:
    (root / HARMED).write_bytes(b"")


def remove(root: Path) -> None:
    (root / HARMED).unlink()


def shrink_label(root: Path) -> None:
    write(root / "labels/03/000005.png", label(5, 32, 32))


def tear_label(root: Path) -> None:
    path = root / "labels/03/000005.png"
    path.write_bytes(path.read_bytes()[:40])


def strange_label(root: Path) -> None:
    write(root / "labels/03/000005.png", label(5) + 7)


HARMS = {
    flip: r"frame 5 (is damaged|could not be decoded|did not come out)",
    zero: r"frame 5 (is damaged|could not be decoded|did not come out)",
    truncate: r"000005\.png labels frame 5, and .* has frames 0\.\.3|no frames \d\.\.5",
    cut_off: "cut off before its index",
    empty: "an empty file",
    remove: "no such file",
    shrink_label: r"000005\.png is 32x32 .* is 48x64",
    tear_label: r"000005\.png: missing, or not an image",
    strange_label: r"000005\.png: unknown label values \[7, 8\]",
}
harms = pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole")
    for number in range(COUNT):
        write_video(root / f"videos/{number:02d}.mp4")
        write(root / f"labels/{number:02d}/000005.png", label(5))
    (root / "classes.yaml").write_text("names: [left, right]\n")
    (root / "splits.yaml").write_text("train: ['0*', '11']\nval: ['10']\n")
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    """A copy of the data set, to be harmed."""
    return Path(shutil.copytree(whole, tmp_path / "data"))


def module(root: Path, **changes: object) -> ClipDataModule:
    settings = {"interval": 3, "batch_size": 2, "workers": 0, "bad_samples_at_most": 0.1}
    return ClipDataModule(Folder(root), **{**settings, **changes})


def epochs(data: ClipDataModule | DataLoader, count: int = 2) -> list[Clip]:
    loader = data.train_dataloader() if isinstance(data, ClipDataModule) else data
    batches: list[Clip] = []
    for number in range(count):
        loader.batch_sampler.set_epoch(number)
        batches += loader
    return batches


@harms
@pytest.mark.parametrize("harmed", ["before", "after"])
def test_an_error_names_the_file_and_the_frame(harm: Callable, harmed: str, root: Path):
    """Whether the file is found harmed at the beginning, or is harmed under way."""
    data = module(root)
    if harmed == "before":
        if harm is remove:
            pytest.skip("then a label lacks its video, which is no damage")
        harm(root)
        with pytest.raises(BdnetError, match=HARMS[harm]):
            epochs(data)
        return
    loader = data.train_dataloader()
    harm(root)
    with pytest.raises(BadData, match=HARMS[harm]) as error:
        epochs(loader)
    assert re.search(r"03\.mp4 frame 5 \(offset [0-2]\)", str(error.value))


@harms
def test_skipped_is_counted_and_said_once(harm: Callable, root: Path, caplog):
    data = module(root, on_bad_sample="skip")
    loader = data.train_dataloader()
    harm(root)
    if harm is not remove:  # then a label lacks its video, which is no damage
        loader = data.train_dataloader()
    with caplog.at_level(logging.WARNING):
        batches = epochs(loader)
    assert sum(len(batch.offset) for batch in batches) >= 2 * 10
    assert data.bad_samples.count_by_video() == {str(root / HARMED): 1}
    (message,) = [message for message in caplog.messages if "skipped" in message]
    assert re.search(HARMS[harm], message)


def test_workers_change_nothing_and_the_rest_stays_as_it_was(root: Path):
    data = module(root)
    loader = data.train_dataloader()
    before = [loader.batch_sampler.batch(number) for number in range(10)]
    clean = epochs(data)
    flip(root)
    alone, together = (
        epochs(module(root, on_bad_sample="skip", workers=workers)) for workers in (0, 2)
    )
    clips, _ = data.training_clips()
    (bad,) = (n for n, sample in enumerate(clips.samples) if sample.video == root / HARMED)
    differs = 0
    for draws, was, batch, beside in zip(before, clean, alone, together, strict=False):
        assert same(batch, beside)
        for n, draw in enumerate(draws):
            is_same = all(torch.equal(a[n], b[n]) for a, b in zip(was, batch, strict=True))
            assert is_same or draw.sample == bad
            differs += not is_same
    assert differs


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_a_worker_is_one_sentence(root: Path, workers: int):
    shrink_label(root)
    with pytest.raises(BadData) as error:
        epochs(module(root, workers=workers))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("when", ["before", "while reading"])
def test_too_many_are_an_error(root: Path, when: str):
    for number in (0, 4, 7):
        if when == "before":
            (root / f"videos/{number:02d}.mp4").write_bytes(b"torn")
        else:
            (root / f"labels/{number:02d}/000005.png").write_bytes(b"torn")
    data = module(root, on_bad_sample="skip", bad_samples_at_most=0.2)
    with pytest.raises(BadData, match=r"3 of 11 labelled .* more than bad_samples_at_most=0\.2"):
        epochs(data)
    epochs(module(root, on_bad_sample="skip", bad_samples_at_most=0.3))


def test_where_nothing_can_be_read_it_ends(root: Path):
    for path in root.glob("labels/*/*.png"):
        path.write_bytes(b"torn")
    with pytest.raises(BadData, match="missing, or not an image"):
        epochs(module(root, on_bad_sample="skip", bad_samples_at_most=1.0))


def test_unlabelled_clips_are_counted_apart(root: Path):
    flip(root)
    data = module(root, on_bad_sample="skip", unlabelled_batch_size=2, bad_samples_at_most=0.1)
    for batch in epochs(data, 4):
        assert (batch.labels[2:] == 255).all()
        assert not (batch.labels[:2] == 255).all()
    assert {labelled for *_, labelled in data.bad_samples.clips} == {True, False}


def test_evaluation_skips_nothing(root: Path):
    (root / "labels/10/000005.png").write_bytes(b"torn")
    data = module(root, on_bad_sample="skip", bad_samples_at_most=1.0)
    with pytest.raises(BadData, match=r"10/000005\.png: missing"):
        list(data.val_dataloader())
    (root / "videos/10.mp4").write_bytes(b"torn")
    with pytest.raises(UnsupportedStream, match=r"10\.mp4: not a video"):
        data.val_dataloader()


def test_videos_of_several_sizes_do_not_fit_in_a_batch(root: Path):
    write_video(root / HARMED, size=(32, 48))
    write(root / "labels/03/000005.png", label(5, 32, 48))
    with pytest.raises(BadData, match=r"clips of 32x48 and 48x64 pixels .* train with a crop"):
        epochs(module(root))


def test_what_was_skipped_is_remembered():
    skipped, restored = BadSamples(0.5), BadSamples(0.5)
    skipped.clips = {("a.mp4", 3, True), ("a.mp4", 4, False), ("b.mp4", 1, True)}
    restored.load_state_dict(skipped.state_dict())
    assert restored.count_by_video() == {"a.mp4": 2, "b.mp4": 1}


def test_an_interrupted_training_over_damaged_files_ends_as_if_nothing_had_happened(
    bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    data = Path(shutil.copytree(bands, tmp_path / "bands"))
    (data / "train/labels/1/000006.png").write_bytes(b"torn")
    given = [*settings(data, tmp_path / "runs"), "data.on_bad_sample=skip"]
    given.append("data.bad_samples_at_most=0.5")
    whole = run(*given, "name=whole", "data.workers=1")
    interrupt_at(monkeypatch, 5, *given, "name=interrupted")
    folder = run(*given, "name=interrupted")
    ours, theirs = checkpoint(folder), checkpoint(whole)
    for key in ("state_dict", "optimizer_states", "ClipDataModule"):
        assert same(ours[key], theirs[key]), key
    assert metrics(folder)["scores"] == metrics(whole)["scores"]
    skipped = {str(data / "train/videos/1.mp4"): 1}
    assert metrics(folder)["skipped"] == metrics(whole)["skipped"] == skipped
    assert (whole / "train.log").read_text().count("skipped: ") == 1
