"""`python -m bdnet.train -m hydra/launcher=...`: jobs of a sweep in processes of their own."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from test_sweep import sweep

from bdnet.cli import arguments
from bdnet.train import main
from tiny_training import NEEDS_BASE, metrics
from trees import state

ALONE = ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=5"]
# A job of submitit's local executor opens its log in a folder that the launching process makes only
# after it has started the job: too late on a busy machine, where the job ends before it begins.
LOST = "the process of a job was ended"
LOGS = "runs/.hydra/.submitit/*/*_log.err"

if_installed = pytest.mark.skipif(
    find_spec("submitit") is None, reason="needs pip install 'bdnet[slurm]'"
)


def needed(folder: Path) -> Path:
    """The run that both jobs need."""
    (path,) = (folder / "runs/tiny/table2/test_resnet/base").rglob("seed=0")
    return path


@pytest.fixture(scope="module")
def swept(bands: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a sweep whose two jobs run side by side, and what it said."""
    for _ in range(3):
        folder = tmp_path_factory.mktemp("launcher")
        answer = sweep(bands, folder, *ALONE, *NEEDS_BASE)
        assert answer.returncode == 1, answer.stderr
        if LOST not in answer.stderr:
            break
    return folder, answer.stderr


@if_installed
@pytest.mark.slow
def test_a_job_that_fails_elsewhere_is_named_at_the_end_and_the_other_finishes(
    swept: tuple[Path, str],
):
    folder, output = swept
    last = output[output.index("bdnet train: 1 jobs failed:\n  data=folder") :]
    assert "poison.at=0" in last
    assert "'poison' is nan in step 0" in last
    assert "Traceback" not in output
    runs = folder / "runs"
    assert metrics(runs / "tiny-99/seed=0")["steps"] == 6
    assert not (runs / "tiny-0/seed=0/metrics.json").exists()
    assert len(list(folder.glob(LOGS))) == 2
    assert {path.name for path in runs.iterdir()} == {".hydra", "tiny", "tiny-99", "tiny-0"}
    assert [path.name for path in folder.iterdir()] == ["runs"]


@if_installed
@pytest.mark.slow
def test_what_both_jobs_need_is_trained_once(swept: tuple[Path, str]):
    folder, _ = swept
    base = needed(folder)
    assert (base / "train.log").read_text().count(": 2 steps") == 1
    assert metrics(base)["steps"] == 2


@if_installed
@pytest.mark.slow
def test_a_run_knows_the_command_that_makes_it(swept: tuple[Path, str]):
    folder, _ = swept
    facts = (folder / "runs/tiny-99/seed=0/run.json").read_text()
    assert '"+loss.poison.at=99"' in facts
    assert ".submitit" not in facts


@if_installed
@pytest.mark.slow
def test_the_same_command_again_does_only_what_failed(swept: tuple[Path, str], bands: Path):
    folder, _ = swept
    kept = (folder / "runs/tiny-99", needed(folder))
    before = [state(path) for path in kept]
    again = sweep(bands, folder, *ALONE, *NEEDS_BASE)
    assert again.returncode == 1
    assert "bdnet train: 1 jobs failed:\n  data=folder" in again.stderr
    assert [state(path) for path in kept] == before
    output = "".join(path.read_text() for path in folder.glob(LOGS))
    assert output.count("tiny-99/seed=0 is finished already") == 1
    assert not list(folder.glob("runs/.hydra/failed-*"))


@pytest.mark.parametrize(("launcher", "extra"), [("submitit_slurm", "slurm"), ("joblib", "joblib")])
def test_a_launcher_whose_package_is_missing_says_what_to_install(
    launcher: str, extra: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(arguments, "is_installed", lambda _: False)
    monkeypatch.setattr(sys, "argv", ["train", "sweep=table2", f"hydra/launcher={launcher}"])
    with pytest.raises(SystemExit, match=re.escape(f"pip install 'bdnet[{extra}]'")):
        main()


@pytest.mark.slow
def test_joblib_runs_jobs_side_by_side_whose_data_are_made_by_processes_of_their_own(
    tmp_path: Path,
):
    small = [f"data.dataset.clips.{split}=2" for split in ("train", "val", "test")]
    answer = subprocess.run(
        [sys.executable, "-m", "bdnet.train", "-m", "backbone=test_resnet", "interval=3,5",
         "steps=2", *small, "data.batch_size=2", "trainer.enable_progress_bar=false",
         "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert len(list(tmp_path.rglob("metrics.json"))) == 2
