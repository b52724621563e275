"""`target=motion`: labels moved along the motion of every source and way."""

import json
import math
from functools import partial
from pathlib import Path

from command import command

run = partial(command, "benchmark")


def test_every_source_is_measured_in_every_way(bands: Path, tmp_path: Path):
    options = [
        "target=motion", "data=folder", f"data.dataset.root={bands}", "target.distances=[1,2]",
        "target.ways=[stream,default,fast]", "repeats=1", "~target.sources.AV1",
        "~target.sources.VP9",
    ]  # fmt: skip
    answer = run(*options, folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    rows = json.loads((tmp_path / "benchmark/motion.json").read_text())["motions"]
    ways = {(row["source"], row["way"]) for row in rows}
    assert ("clean", "the stream's own vectors") in ways
    assert ("HEVC", "the stream's own vectors") not in ways  # its decoder exports none
    assert ("HEVC", "searched") in ways
    for row in rows:
        assert row["miou"].keys() == {"1", "2"}
        assert all(math.isnan(value) or 0 <= value <= 1 for value in row["miou"].values())
        assert min(row["rates"]) > 0


def test_flow_of_small_pictures_is_refused(bands: Path, tmp_path: Path):
    options = [
        "target=motion", "data=folder", f"data.dataset.root={bands}", "target.distances=[1]",
        "target.ways=[dis]", "repeats=1",
    ]  # fmt: skip
    answer = run(*options, folder=tmp_path)
    assert answer.returncode == 1
    assert "target.ways" in answer.stderr
