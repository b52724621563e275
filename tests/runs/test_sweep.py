"""`python -m bdnet.train -m ...`: a job that fails stops no other one, and is not forgotten."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from omegaconf import OmegaConf

from bdnet.cli.conf import conf_folder
from bdnet.runs.run import Run
from bdnet.runs.sweep import Failures
from bdnet.training.scores import scalars
from command import command
from offline import exit_codes, records, summary
from tiny_training import metrics, settings
from trees import state

ENVIRONMENT = dict(os.environ)  # before libraries that tests use in this process add to it
THEN = "+hydra.callbacks.failures.then=celebrate"
POISON = ["+loss.poison._target_=tiny_training.NanLoss", "+loss.poison._partial_=true"]


def sweep(
    data: Path, folder: Path, *overrides: str, at: Sequence[int] = (0, 99)
) -> subprocess.CompletedProcess[str]:
    """Jobs of six steps, whose loss is not a number from step `at` on."""
    tests = str(Path(__file__).parent.parent)
    path = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "bdnet.train", "-m", *settings(data, folder / "runs"), *POISON,
         "name=tiny-${loss.poison.at}", f"+loss.poison.at={','.join(map(str, at))}", *overrides],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**ENVIRONMENT, "PYTHONPATH": path, "WANDB_SILENT": "true", "WANDB_CONSOLE": "off"},
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
    folder, output = swept
    lines = output.splitlines()
    at_once, last = (number for number, line in enumerate(lines) if "poison.at=0" in line)
    assert lines[at_once].startswith("failed: data=folder")
    assert "'poison' is nan in step 0" in lines[at_once]
    assert lines[last - 1] == "bdnet train: 1 jobs failed:"
    assert any("tiny-99 seed=0: mIoU" in line for line in lines[at_once:last])
    assert metrics(folder / "runs/tiny-99/seed=0")["steps"] == 6
    assert not (folder / "runs/tiny-0/seed=0/metrics.json").exists()
    assert "Traceback" in (folder / "runs/tiny-0/seed=0/train.log").read_text()
    assert "Traceback" not in output


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


def test_weights_and_biases_has_what_the_files_of_a_run_have(swept: tuple[Path, str]):
    folder, _ = swept
    run = folder / "runs/tiny-99/seed=0"
    (log,) = run.glob("wandb/offline-run-*/run-*.wandb")
    scores, logged = metrics(run)["scores"], summary(log)
    known = scalars(scores, "test")
    assert len(known) > 20
    for name, value in known.items():
        assert logged[name] == pytest.approx(value, rel=1e-5), name
    (table,) = log.parent.glob("files/media/table/iou_*.json")
    rows = json.loads(table.read_text())["data"]
    assert {name: values for name, *values in rows} == scores["iou"]
    facts = [record for record in records(log) if record.WhichOneof("record_type") == "run"][-1].run
    assert (facts.run_group, facts.display_name) == ("tiny-99", "tiny-99 seed=0")
    assert {"test_resnet", "k=4", "seed=0"} <= set(facts.tags)


def test_the_same_sweep_again_does_only_what_failed(swept: tuple[Path, str], bands: Path):
    folder, _ = swept
    before = state(folder / "runs/tiny-99")
    again = sweep(bands, folder)
    assert again.returncode == 1
    assert "runs/tiny-99/seed=0 is finished already" in again.stderr
    assert again.stderr.count("'poison' is nan in step 0") == 2
    assert state(folder / "runs/tiny-99") == before


def test_a_run_that_another_process_is_at_work_on_is_waited_for(bands: Path, tmp_path: Path):
    busy, free = (tmp_path / f"runs/{name}/seed=0" for name in ("busy", "free"))

    def work(is_held: threading.Event) -> None:
        busy.mkdir(parents=True)
        with FileLock(busy / ".lock"):
            is_held.set()
            end = time.monotonic() + 120
            while not Run(free).is_finished and time.monotonic() < end:
                time.sleep(0.05)
            time.sleep(3)  # in which the next job finds the lock taken

    is_held = threading.Event()
    with ThreadPoolExecutor() as pool:
        done = pool.submit(work, is_held)
        is_held.wait()
        given = [*settings(bands, tmp_path / "runs"), "name=free,busy", THEN]
        answer = command("train", "-m", *given, folder=tmp_path)
        done.result()
    assert answer.returncode == 0, answer.stderr
    assert f"{busy}: waiting for another process" in answer.stderr
    assert (answer.stdout + answer.stderr).count("all jobs are done; next: celebrate") == 1
    assert metrics(busy)["steps"] == metrics(free)["steps"] == 6


def test_a_run_of_another_configuration_is_refused_and_the_other_jobs_go_on(
    bands: Path, tmp_path: Path
):
    runs = tmp_path / "runs"
    given = settings(bands, runs)
    assert command("train", *given, "name=a", folder=tmp_path).returncode == 0
    before = state(runs / "a/seed=0")
    answer = command("train", "-m", *given, "name=a,b", "optimizer.lr=3e-3", folder=tmp_path)
    assert answer.returncode == 1
    assert "holds a run of another configuration (optimizer.lr 0.001 -> 0.003)" in answer.stderr
    assert state(runs / "a/seed=0") == before
    assert metrics(runs / "b/seed=0")["steps"] == 6


def test_a_sweep_whose_jobs_are_all_done_says_what_comes_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    config = OmegaConf.create(
        {"hydra": {"sweep": {"dir": str(tmp_path)}, "overrides": {"task": []}}}
    )
    with caplog.at_level(logging.INFO):
        Failures(then="look at them").on_multirun_end(config)
        config.hydra.overrides.task = ["rehearse=true"]
        Failures(then="look at them").on_multirun_end(config)
    assert caplog.messages == ["all jobs are done; next: look at them"]


@pytest.mark.parametrize("name", sorted(p.stem for p in conf_folder().glob("sweep/*.yaml")))
def test_what_comes_next_is_a_report_that_there_is(name: str):
    config = OmegaConf.load(conf_folder() / f"sweep/{name}.yaml")
    advice = config.hydra.callbacks.failures._get_node("then")._value()
    assert advice.startswith("python -m bdnet.")
    for group, choice in re.findall(r"(table|figure)=(\w+)", advice):
        assert (conf_folder() / f"{group}/{choice}.yaml").is_file()
    assert "${runs}/${recipe.name}" in advice
