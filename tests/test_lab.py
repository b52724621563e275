"""A lab's first day with Cityscapes, at full size, on rendered streets in its place.

    nice -n 19 pytest -m slow tests/test_lab.py -s

Hours on two cores. It prints what the rehearsals expect, and what was measured.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cityscapes_tree import write_tree

PYTHON = [sys.executable, "-m"]
BOTH = ["torch.distributed.run", "--nproc-per-node=2", "-m"]  # torchrun
ON_CPU = ["recipe.pretrained=none", "data.batch_size=1", "data.workers=1", "seed=0",
          "trainer.enable_progress_bar=false"]  # fmt: skip
SHORT = ["experiment=table2/inner", "recipe.teacher.backbone=hrnet_w18_small",
         "recipe.teacher.steps=2", "recipe.base.steps=2", "recipe.finetune.steps=10"]  # fmt: skip
ROWS = 10  # of Table 2


def run(folder: Path, verb: str, *arguments: str, processes: int = 1) -> str:
    """What a command says, after its seconds have been printed."""
    start = time.monotonic()
    launched = BOTH if processes == 2 else []
    answer = subprocess.run(
        [*PYTHON, *launched, f"bdnet.{verb}", *arguments], cwd=folder, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout[-4000:]
    print(f"\n{verb} {' '.join(arguments[:2])}: {(time.monotonic() - start) / 60:.1f} minutes")
    for line in answer.stdout.splitlines():
        if re.search(r"rehearsed|runs together|official|videos to encode|mIoU|s a step", line):
            print(f"    {line}")
    return answer.stdout


@pytest.mark.slow
@pytest.mark.timeout(8 * 3600)
def test_from_nothing_to_a_report(tmp_path: Path):
    given = os.environ.get("CITYSCAPES_STAND_IN")  # made before by tests/cityscapes_tree.py
    root = Path(given) if given else write_tree(tmp_path / "city")
    data = ["data=cityscapes", f"data.dataset.root={root}", f"data.dataset.cache={root}/cache"]
    run(tmp_path, "probe", *data, "split=val")

    short = [*SHORT, *data, *ON_CPU, "trainer=ddp_cpu"]
    run(tmp_path, "train", *short, "rehearse=true", processes=2)
    assert not list(tmp_path.rglob("runs/**/*.ckpt"))
    run(tmp_path, "train", *short, processes=2)
    (folder,) = (path.parent for path in tmp_path.rglob("inner/**/metrics.json"))
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["data"]["split"], metrics["steps"]) == ("val", 10)

    run(tmp_path, "evaluate", f"run={folder}", "split=val", "predictions=labels")
    names = sorted(path.name for path in (tmp_path / "labels").iterdir())
    assert names[0] == "frankfurt_000000_000019_labelIds.png"
    videos = f"video={root}/cache/*/val/videos"
    run(tmp_path, "predict", f"run={folder}", videos, "output=out", "frames=6", "device=cpu")
    assert len(list((tmp_path / "out").rglob("*.overlay.mp4"))) == 3
    assert "inner" in run(tmp_path, "report", "runs=runs")

    sweep = ["sweep=table2", *data, *ON_CPU, "trainer.accelerator=cpu"]
    said = run(tmp_path, "train", *sweep, "rehearse=true")
    assert len(set(re.findall(r"rehearsed (\S+):", said))) >= ROWS
    assert {path.name for path in (tmp_path / "runs/cityscapes").iterdir()} <= {"table2", "teacher"}
