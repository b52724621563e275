"""The public names: documented, cheap to import, and used as in README's first examples."""

import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

import bdnet
import bdnet.losses
from bdnet.demo import film_network
from bdnet.inference.streaming import segment
from bdnet.losses import Objective, Offer
from bdnet.types import Clip, Prediction
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


def blocks(language: str) -> list[str]:
    """README's code blocks."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_readme_has_no_other_code_than_what_is_tested():
    assert len(re.findall(r"```\w+", (ROOT / "README.md").read_text())) == 4
    assert (len(blocks("python")), len(blocks("yaml"))) == (3, 1)


def test_readmes_first_examples_accelerate_and_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    film_network("streets", Path("demo"), 7)
    assert all(Path(f"demo/every_fifth_frame.{ending}").is_file() for ending in ("mp4", "html"))
    shutil.copy("demo/unseen.mp4", "drive.mp4")
    capsys.readouterr()
    accelerates, compares, _ = blocks("python")
    # the same network without its weights, which would be downloaded
    exec(accelerates.replace('weights="DEFAULT"', "weights=None, weights_backbone=None"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["0 True (256, 512)", "1 False (256, 512)"]
    assert len(printed) == 7
    exec(compares, {})
    calls, *_ = (line for line in capsys.readouterr().out.splitlines() if "calls" in line)
    assert calls.split() == ["calls", "7", "2"]


def test_readmes_loss_is_a_term_that_trains(monkeypatch: pytest.MonkeyPatch):
    *_, loss = blocks("python")
    module = types.ModuleType("bdnet.losses.focal")
    exec(loss, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(bdnet.losses, "focal", module, raising=False)
    (text,) = blocks("yaml")
    terms = instantiate(OmegaConf.create(text), _convert_="all")
    logits = torch.zeros(1, 3, 4, 4, requires_grad=True)
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    clip = Clip(*(torch.zeros(1),) * 3, labels, torch.zeros(1))
    total, values = Objective(terms, Offer.of(Prediction(logits)), None)(
        Prediction(logits), None, clip
    )
    assert torch.isclose(values["focal"], (2 / 3) ** 2 * torch.tensor(3.0).log())
    total.backward()
    assert logits.grad[:, 0].max() < 0 < logits.grad[:, 1:].min()


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
