"""The public names: documented, cheap to import, and used as in README's first examples."""

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
MODULES = {path.stem for path in (ROOT / "src/bdnet").glob("*.py")} - {"__init__"}
PACKAGES = sorted(path.parent.name for path in (ROOT / "src/bdnet").glob("*/__init__.py"))


def output_of(program: str) -> str:
    """The output of a program in a new process."""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_public_names_exist_and_are_documented():
    for name in bdnet.__all__:
        value = getattr(bdnet, name)
        assert name == "__version__" or value.__doc__, name
        assert name in dir(bdnet)
    with pytest.raises(AttributeError, match="accelerated"):
        bdnet.accelerated  # noqa: B018


def test_no_public_name_is_also_a_submodule():
    assert not MODULES.union(PACKAGES) & set(bdnet.__all__)


def test_importing_bdnet_loads_no_numpy_and_its_reader_no_pytorch():
    program = (
        "import sys, bdnet; print(sorted({'torch', 'numpy', 'av', 'hydra'} & {*sys.modules}));"
        "bdnet.VideoReader, bdnet.describe; print('torch' in sys.modules)"
    )
    assert output_of(program).splitlines() == ["[]", "False"]


def test_imports_change_no_environment_signals_or_logging():
    program = f"""
import os, pkgutil, signal, logging
import bdnet, torch, pytorch_lightning, torchmetrics, timm, av, cv2, hydra, omegaconf, wandb, tqdm
os.environ.pop("NO_ALBUMENTATIONS_UPDATE", None)
def state():
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    return dict(os.environ), handlers, logging.getLogger().level, av.logging.get_level()
before = state()
for name in {[name for name in PACKAGES if name != "cli"]}:
    package = __import__(f"bdnet.{{name}}", fromlist=["_"])
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        __import__(module.name)
print(before == state())
"""
    assert output_of(program).splitlines()[-1] == "True"


def blocks() -> list[str]:
    """README's Python examples."""
    return re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_readmes_first_examples_read_and_segment_a_video(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_video, capsys
):
    video = make_video(scene=Pan((1, 0)), size=(64, 96), frames=9)
    shutil.copy(video, tmp_path / "drive.mp4")
    shutil.copytree(trained, tmp_path / "runs/NAME/seed=0")
    monkeypatch.chdir(tmp_path)
    accelerates, segments, reads, *_ = blocks()
    names: dict[str, object] = {}
    # the same network without its weights, which would be downloaded
    exec(accelerates.replace('weights="DEFAULT"', "weights=None, weights_backbone=None"), names)
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["0 True (64, 96)", "1 False (64, 96)"]
    assert len(printed) == 9
    exec(reads, names)
    assert "vectors chain from frame to frame" in capsys.readouterr().out
    assert names["frame"].index == 8
    assert names["motion"].shape == (2, 8, 12)
    exec(segments, names)
    assert names["frame"].labels.shape == (64, 96)
    assert (names["frame"].index, names["frame"].is_key) == (8, True)


def test_a_network_loads_from_a_folder_or_checkpoint_and_uses_its_interval(
    trained: Path, make_video
):
    video = make_video(scene=Pan((1, 0)), size=(64, 96), frames=9)
    network = bdnet.load(trained)
    assert isinstance(network, bdnet.Network)
    assert network.interval == 4
    frames = list(network.segment(video))
    assert [frame.index for frame in frames if frame.is_key] == [0, 4, 8]
    assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)
    again = bdnet.load(trained / "last.ckpt").segment(video, interval=2)
    assert [frame.index for frame in again if frame.is_key] == [0, 2, 4, 6, 8]
    expected = list(segment(video, network.model, 4))
    assert all(
        np.array_equal(ours.labels, theirs.labels)
        for ours, theirs in zip(frames, expected, strict=True)
    )
