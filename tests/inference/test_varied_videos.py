"""`predict` segments any video file, or refuses it with a message."""

import json
import os
import re
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from bdnet.codec import VideoReader
from bdnet.data.classes import Classes
from bdnet.inference import predictor
from bdnet.inference.network import Network
from bdnet.models.base import VideoModel
from bdnet.predict import main
from bdnet.reports.pictures import overlay
from networks import build
from varied_videos import (
    FOREIGN_KINDS,
    FRAMES,
    KINDS,
    RARER_KINDS,
    SIZE,
    SLOW,
    Kind,
    joined,
    phone,
    video,
)

CLASSES = Classes(("road", "car", "sky"), ((128, 64, 128), (0, 0, 142), (70, 130, 180)))


class Done(NamedTuple):
    """What became of a folder of videos."""

    output: Path
    code: int | str | None
    summary: dict


def run(model: VideoModel, folder: Path, pattern: str) -> Done:
    """Segments videos with a network that was never trained; films are not enlarged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "load", lambda *_: Network(model, CLASSES, 4, "mine"))
        patch.setattr(overlay, "NARROW", 64)
        patch.chdir(folder)
        arguments = ["predict", "run=mine", "output=out", "labels=true", f"video={pattern}"]
        patch.setattr(sys, "argv", arguments)
        code = None
        try:
            main()
        except SystemExit as end:
            code = end.code
    summary = folder / "out/summary.json"
    return Done(folder / "out", code, json.loads(summary.read_text()) if summary.exists() else {})


@pytest.fixture(scope="module")
def model() -> VideoModel:
    return build("+model=bdnet", "model/boundary=warped")


def segment_all(model: VideoModel, folder: Path, kinds: Iterable[Kind]) -> Done:
    """Makes the files and segments all of them in one go."""
    for kind in kinds:
        path = folder / "in" / kind.path
        path.parent.mkdir(parents=True, exist_ok=True)
        kind.write(path)
    return run(model, folder, "in")


@pytest.fixture(scope="module")
def done(model, tmp_path_factory) -> Done:
    return segment_all(model, tmp_path_factory.mktemp("varied"), KINDS)


@pytest.fixture(scope="module")
def foreign(model, tmp_path_factory) -> Done:
    return segment_all(model, tmp_path_factory.mktemp("foreign"), FOREIGN_KINDS)


@pytest.fixture(scope="module")
def rarer(model, tmp_path_factory) -> Done:
    return segment_all(model, tmp_path_factory.mktemp("rarer"), RARER_KINDS)


def check(kind: Kind, done: Done) -> None:
    video, stem = f"in/{kind.path}", (done.output / kind.path).with_suffix("")
    film, labels = (stem.with_name(stem.name + ending) for ending in (".overlay.mp4", ".labels"))
    if kind.frames is None:
        reason = done.summary["failed"][video]
        assert re.search(kind.problem, reason)
        assert reason.startswith(video)
        assert len(reason.splitlines()) == 1
        assert f"failed: {reason}\n" in f"{done.code}\n"
        assert not film.exists()
        assert not labels.exists()
        return
    report = done.summary["videos"][video]
    assert report["is_complete"]
    assert (report["frames"], len(report["files"])) == (kind.frames - kind.lost, 2)
    assert report["motion"].startswith("searched" if kind.searched else "its own vectors")
    assert re.search(kind.problem, "\n".join(report["problems"]))
    assert kind.problem or kind.lost or not report["problems"]
    with VideoReader(film, "all") as reader:
        assert len(list(reader)) == kind.frames
    height, width = kind.size
    images = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(labels.iterdir())]
    assert [image.shape for image in images] == [(height, width)] * (kind.frames - kind.lost)
    assert all(set(image.flat) <= {0, 1, 2} for image in images)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_works_or_is_refused_in_a_sentence(done, kind) -> None:
    check(kind, done)


@pytest.mark.parametrize("kind", FOREIGN_KINDS, ids=lambda kind: kind.name)
def test_foreign_kinds_become_upright_films(foreign, kind) -> None:
    check(kind, foreign)
    path = foreign.output.parent / "in" / kind.path
    with VideoReader(path, "all", upright=True, motion="auto") as reader:
        frames = list(reader)
    for frame in frames[1:]:
        assert np.median(frame.motion, (1, 2)).tolist() == pytest.approx(SLOW.shift, abs=0.25)
    filmed = [SLOW.picture(index, *kind.size) for index in range(FRAMES)]
    for frame, picture in zip(frames, filmed, strict=True):
        assert likeness(frame.image, picture) > 0.85


@pytest.mark.parametrize("degrees", [-90, 90])
def test_a_phones_portrait_becomes_an_upright_film(model, tmp_path, degrees) -> None:
    height, width = 160, 120
    phone(tmp_path / "phone.mov", (width, height), degrees)
    done = run(model, tmp_path, "phone.mov")
    assert done.summary["videos"]["phone.mov"]["motion"].startswith("searched")
    with VideoReader(done.output / "phone.overlay.mp4", "all") as reader:
        films = [frame.image for frame in reader]
    assert len(films) == FRAMES
    lower = slice(height // 2, height - 8), slice(8, width - 8)  # without mark and border
    for index, film in enumerate(films):
        scene = SLOW.picture(index, height, width)
        turned = likeness(film[:height, :width][::-1, ::-1][lower], scene[lower])
        assert likeness(film[lower], scene[lower]) > turned + 0.3


def likeness(image: np.ndarray, expected: np.ndarray) -> float:
    """Correlation of the brightness of two pictures."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).reshape(-1) for picture in (image, expected)]
    return float(np.corrcoef(*grey)[0, 1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", RARER_KINDS, ids=lambda kind: kind.name)
def test_so_do_the_rarer_kinds(rarer, kind) -> None:
    check(kind, rarer)


def test_nothing_else_is_left(done) -> None:
    """Neither half a film, nor a word of a file that is not there."""
    assert not [path for path in done.output.rglob("*") if "partial" in path.name]
    named = {*done.summary["videos"], *done.summary["failed"]}
    assert named == {f"in/{kind.path}" for kind in KINDS}
    assert len(done.code.splitlines()) == sum(kind.frames is None for kind in KINDS)


def test_the_documents_count_these_kinds() -> None:
    kinds = [*KINDS, *FOREIGN_KINDS, *RARER_KINDS]
    works = sum(kind.frames is not None for kind in kinds)
    counts = len(kinds), works, sum(kind.searched for kind in kinds), len(kinds) - works
    page = (Path(__file__).parents[2] / "docs/video.md").read_text()
    (sentence,) = re.findall(r"Of \d+ kinds[^(]*", page)
    assert tuple(map(int, re.findall(r"\d+", sentence))) == counts


def test_a_folder_that_is_called_like_a_video(model, tmp_path) -> None:
    (tmp_path / "drive.mp4").mkdir()
    done = run(model, tmp_path, "drive.mp4")
    assert re.fullmatch(r"bdnet predict: drive\.mp4: .* video .*", done.code)


def test_a_pipe_is_read_once_and_to_its_end(model, tmp_path) -> None:
    video()(tmp_path / "drive.ts")
    os.mkfifo(tmp_path / "pipe")
    data = (tmp_path / "drive.ts").read_bytes()
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(data,))
    writer.start()
    done = run(model, tmp_path, "pipe")
    writer.join(10)
    assert done.code is None
    assert done.summary["videos"]["pipe"]["frames"] == FRAMES


def test_the_command_that_mends_changing_sizes_does_mend_them(tmp_path, monkeypatch) -> None:
    from bdnet import encode

    joined(video(), video(size=(64, 96)))(tmp_path / "sizes.ts")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["encode", "input=sizes.ts", "output=clean"])
    encode.main()
    with VideoReader("clean/sizes.mp4", "all") as reader:
        assert [frame.image.shape[:2] for frame in reader] == [SIZE] * 2 * FRAMES
