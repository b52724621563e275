"""`python -m bdnet.probe data=...`: every problem at once, and a contact sheet."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from bdnet.data.streets.dataset import Streets
from bdnet.reports.dataset.check import check
from command import command


def test_a_good_data_set_has_no_problems(small_streets: Streets):
    findings = check(small_streets)
    assert findings.problems == []
    assert findings.targets == {"train": 24, "val": 16, "test": 8}
    assert findings.videos == {"train": 3, "val": 2, "test": 1}
    assert findings.pixels.sum() == 48 * 64 * 96
    assert findings.occurs[3] == 48  # there is road everywhere


def test_all_problems_are_listed_at_once(small_streets: Streets, tmp_path: Path):
    shutil.copytree(small_streets.folder, tmp_path / small_streets.folder.name)
    streets = replace(small_streets, root=tmp_path)
    labels = streets.folder / "val/labels/00000"
    cv2.imwrite(str(labels / "000000.png"), np.full((64, 96), 77, np.uint8))
    cv2.imwrite(str(labels / "000001.png"), np.zeros((32, 96), np.uint8))
    (labels / "000002.png").write_bytes(b"torn")
    cv2.imwrite(str(labels / "000050.png"), np.zeros((64, 96), np.uint8))
    video = streets.folder / "test/videos/00000.mp4"
    video.write_bytes(video.read_bytes()[:100])
    problems = "\n".join(check(streets).problems)
    for part in (
        "000000.png: unknown label values [77]",
        "000001.png is 32x96",
        "000002.png: missing, or not an image",
        "000050.png labels frame 50, and",
        "00000.mp4: not a video that FFmpeg can read",
    ):
        assert part in problems


def test_command_builds_checks_and_draws(tmp_path: Path):
    arguments = [
        *("data=streets", "interval=3", "distances=[1,2]"),
        "data.dataset.clips={train: 1, val: 1, test: 1}",
        "data.dataset.parameters.height=64",
        "data.dataset.parameters.width=96",
        "data.dataset.parameters.length=5",
    ]
    first = command("probe", *arguments, folder=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "render streets" in first.stderr
    for part in ("Streets: 11 classes", "pedestrian", "stride 8", "vectors", "drawn in"):
        assert part in first.stdout
    sheet = cv2.imread(str(tmp_path / "probe/streets.png"))
    assert sheet.shape[1] > 4 * 96
    assert sheet.std() > 30
    (video,) = tmp_path.glob("data/streets/*/test/videos/*.mp4")
    video.write_bytes(b"torn")
    second = command("probe", *arguments, folder=tmp_path)
    assert second.returncode == 1
    assert "render streets" not in second.stderr
    assert f"problem: {video.relative_to(tmp_path)}: not a video" in second.stderr
    assert "Traceback" not in second.stderr
