"""`python -m bdnet.train -m ...`: a job that fails stops no other one, and is not forgotten."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bdnet.application import conf_folder
from bdnet.sweep import Failures
from offline import exit_codes
from training import metrics, settings
from trees import state

POISON = ["+loss.poison._target_=training.Poison", "+loss.poison._partial_=true"]


def sweep(data: Path, folder: Path, *overrides: str) -> subprocess.CompletedProcess[str]:
    """Two jobs, of which the first has a loss that is not a number."""
    tests = str(Path(__file__).parent)
    path = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "bdnet.train", "-m", *settings(data, folder / "runs"), *POISON,
         "name=tiny-${loss.poison.at}", "+loss.poison.at=0,99", *overrides],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path, "WANDB_SILENT": "true"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def swept(bands: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a sweep, and what it said."""
    folder = tmp_path_factory.mktemp("sweep")
    answer = sweep(bands, folder, "logger=wandb", "logger.wandb.offline=true")
    assert answer.returncode == 1, answer.stderr
    return folder, answer.stderr


def test_a_failed_job_is_named_at_once_and_at_the_end_and_the_others_finish(
    swept: tuple[Path, str],
):
    folder, said = swept
    lines = said.splitlines()
    at_once, last = (place for place, line in enumerate(lines) if "poison.at=0" in line)
    assert lines[at_once].startswith("failed: data=folder")
    assert "'poison' is nan in step 0" in lines[at_once]
    assert lines[last - 1] == "bdnet train: 1 jobs failed:"
    assert any("tiny-99 seed=0: mIoU" in line for line in lines[at_once:last])
    assert metrics(folder / "runs/tiny-99/seed=0")["steps"] == 6
    assert not (folder / "runs/tiny-0/seed=0/metrics.json").exists()
    assert "Traceback" in (folder / "runs/tiny-0/seed=0/train.log").read_text()
    assert "Traceback" not in said


def test_each_job_is_a_run_on_weights_and_biases_and_a_failed_one_shows_as_failed(
    swept: tuple[Path, str],
):
    folder, _ = swept
    digests = set()
    for name, code in (("tiny-0", 1), ("tiny-99", 0)):
        run = folder / f"runs/{name}/seed=0"
        (offline,) = run.glob("wandb/offline-run-*")
        digest = json.loads((run / "run.json").read_text())["digest"]
        assert offline.name.endswith(f"-{digest}")
        assert exit_codes(offline / f"run-{digest}.wandb") == [code]
        digests.add(digest)
    assert len(digests) == 2
    assert {path.name for path in folder.iterdir()} == {"runs"}


def test_the_same_sweep_again_does_only_what_failed(swept: tuple[Path, str], bands: Path):
    folder, _ = swept
    before = state(folder / "runs/tiny-99")
    again = sweep(bands, folder)
    assert again.returncode == 1
    assert "runs/tiny-99/seed=0 is finished already" in again.stderr
    assert again.stderr.count("'poison' is nan in step 0") == 2
    assert state(folder / "runs/tiny-99") == before


def test_a_sweep_whose_jobs_are_all_done_says_what_comes_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    config = OmegaConf.create({"hydra": {"sweep": {"dir": str(tmp_path)}}})
    with caplog.at_level(logging.INFO):
        Failures(then="look at them").on_multirun_end(config)
    assert caplog.messages == ["all jobs are done; now: look at them"]


@pytest.mark.parametrize("name", sorted(p.stem for p in conf_folder().glob("sweep/*.yaml")))
def test_what_comes_next_is_a_report_that_there_is(name: str):
    config = OmegaConf.load(conf_folder() / f"sweep/{name}.yaml")
    said = config.hydra.callbacks.failures._get_node("then")._value()
    wanted = re.findall(r"(table|figure)=(\w+)", said)
    assert wanted
    for group, choice in wanted:
        assert (conf_folder() / f"{group}/{choice}.yaml").is_file()
    assert "runs=${runs}/${recipe.name}" in said
