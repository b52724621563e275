"""What people import: names, what they cost, and README's first lines, run as they stand there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bdnet
from bdnet.inference.streaming import segment
from videos import Pan

ROOT = Path(__file__).parent.parent
DOORS = {path.stem for path in (ROOT / "src/bdnet").glob("*.py")} - {"__init__", "types", "errors"}
ROOMS = sorted(path.parent.name for path in (ROOT / "src/bdnet").glob("*/__init__.py"))


def alone(program: str) -> str:
    """What a program prints in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_every_public_name_is_there_and_says_what_it_is():
    for name in bdnet.__all__:
        found = getattr(bdnet, name)
        assert name == "__version__" or found.__doc__, name
        assert name in dir(bdnet)
    with pytest.raises(AttributeError, match="accelerated"):
        bdnet.accelerated  # noqa: B018


def test_no_public_name_is_a_submodules():
    modules = DOORS | {*ROOMS, "types", "errors"}
    assert not modules & set(bdnet.__all__)


def test_the_front_costs_neither_pytorch_nor_numpy_and_a_reader_no_pytorch():
    program = (
        "import sys, bdnet; print(sorted({'torch', 'numpy', 'av', 'hydra'} & {*sys.modules}));"
        "bdnet.VideoReader, bdnet.describe; print('torch' in sys.modules)"
    )
    assert alone(program).splitlines() == ["[]", "False"]


def test_no_import_of_a_room_changes_the_environment_signals_or_logging():
    program = f"""
import os, pkgutil, signal, logging
import bdnet, torch, pytorch_lightning, torchmetrics, timm, av, cv2, hydra, omegaconf, wandb, tqdm
os.environ.pop("NO_ALBUMENTATIONS_UPDATE", None)
def state():
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    return dict(os.environ), handlers, logging.getLogger().level, av.logging.get_level()
before = state()
for room in {[room for room in ROOMS if room != "cli"]}:
    found = __import__(f"bdnet.{{room}}", fromlist=["_"])
    for module in pkgutil.walk_packages(found.__path__, found.__name__ + "."):
        __import__(module.name)
print(before == state())
"""
    assert alone(program).splitlines()[-1] == "True"


def blocks() -> list[str]:
    """README's Python, as it stands there."""
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_readmes_first_lines_read_a_video_and_segment_one(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_video, capsys
):
    video = make_video(scene=Pan((1, 0)), size=(64, 96), frames=9)
    shutil.copy(video, tmp_path / "drive.mp4")
    shutil.copytree(trained, tmp_path / "runs/NAME/seed=0")
    monkeypatch.chdir(tmp_path)
    reads, segments, *_ = blocks()
    seen: dict[str, object] = {}
    exec(reads, seen)
    assert "vectors chain from frame to frame" in capsys.readouterr().out
    assert seen["frame"].index == 8
    assert seen["frame"].motion.shape == (2, 8, 12)
    exec(segments, seen)
    assert seen["frame"].labels.shape == (64, 96)
    assert (seen["frame"].index, seen["frame"].is_key) == (8, True)


def test_a_network_is_loaded_from_its_folder_or_from_a_checkpoint_and_segments_as_it_is_trained(
    trained: Path, make_video
):
    video = make_video(scene=Pan((1, 0)), size=(64, 96), frames=9)
    network = bdnet.load(trained)
    assert isinstance(network, bdnet.Network)
    assert network.interval == 4
    found = list(network.segment(video))
    assert [frame.index for frame in found if frame.is_key] == [0, 4, 8]
    assert [frame.time for frame in found] == sorted(frame.time for frame in found)
    again = bdnet.load(trained / "last.ckpt").segment(video, interval=2)
    assert [frame.index for frame in again if frame.is_key] == [0, 2, 4, 6, 8]
    expected = list(segment(video, network.model, 4))
    assert all(
        np.array_equal(ours.labels, theirs.labels)
        for ours, theirs in zip(found, expected, strict=True)
    )
