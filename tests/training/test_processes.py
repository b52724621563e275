"""Several processes that train one network."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from test_evaluation import again

from bdnet.errors import BdnetError
from bdnet.runs.run import Run
from bdnet.system.machine import PROCESS_COUNTS, process_count
from bdnet.training import processes
from bdnet.training.processes import check_unused_parameters, enter_on_rank_zero
from bdnet.training.trainer import make_trainer
from cityscapes_tree import write_tree
from processes import in_processes
from tiny_training import (
    BANDS,
    DROPOUT_HEAD,
    NEEDS_BASE,
    checkpoint,
    composed,
    interrupt_at,
    metrics,
    prepared,
    run,
    settings,
    write_video,
)
from trees import same


def torchrun(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """Two processes on the CPU."""
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "-m", "bdnet.train",
         *arguments, "trainer=ddp_cpu"],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


# 3 frames of validation and 6 of tests by offset, which two processes do not share evenly
UNEVEN = ("interval=3", "data.evaluate_every=2", "data.workers=1", "steps=3")
PAIR = ("trainer=ddp_cpu", "data.batch_size=1")


def trained(*overrides: str) -> str:
    """The folder of a run, trained in one process of several."""
    return str(run(*overrides))


def test_two_processes_train_and_count_as_one_does(bands: Path, tmp_path: Path):
    # SGD: Adam makes whole steps of gradients that only rounding keeps from being zero
    given = [*settings(bands, tmp_path), *UNEVEN, "optimizer=sgd", "optimizer.lr=0.05"]
    alone = run(*given)
    pair, second = map(Path, in_processes(trained, *given, *PAIR, "name=pair", "logger=csv"))
    assert pair == second
    joint = checkpoint(pair)["state_dict"]
    for name, tensor in checkpoint(alone)["state_dict"].items():  # which saw the same joint batches
        torch.testing.assert_close(joint[name], tensor, atol=2e-4, rtol=2e-4, msg=name)
    assert again(pair)["scores"] == metrics(pair)["scores"]  # one process, the same weights
    assert metrics(pair)["data"] == metrics(alone)["data"]
    assert Run(pair).facts()["machine"]["processes"] == 2
    assert (pair / "train.log").read_text().count(": mIoU on") == 1
    assert [path.name for path in (pair / "csv").iterdir()] == ["version_0"]
    assert {path.name for path in tmp_path.iterdir()} == {"tiny", "pair"}


@pytest.fixture(scope="module")
def cityscapes(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The settings of a small tree in its official layout, with six snippets in each split."""
    root = tmp_path_factory.mktemp("cityscapes")
    write_tree(root, snippets=2, height=48, width=96)
    return [
        "data=cityscapes", f"data.dataset.cache={root / 'cache'}", "data.evaluate_every=1",
        "data.labelled_frame=null", "interval=2", "steps=3", "optimizer=sgd", "optimizer.lr=0.05",
        f"data.dataset.root={root}",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [2, 4])
def test_cityscapes_in_several_processes_is_cityscapes_in_one(
    cityscapes: list[str], bands: Path, tmp_path: Path, count: int
):
    given = [*settings(bands, tmp_path), *cityscapes]
    alone = run(*given, "data.batch_size=4")
    shared = [*given, "trainer=ddp_cpu", f"data.batch_size={4 // count}", "name=shared"]
    folder, *_ = map(Path, in_processes(trained, *shared, count=count))
    joint = checkpoint(folder)["state_dict"]
    norms = [name for name in joint if name.endswith("running_var")]
    assert len(norms) > 10
    for name, tensor in checkpoint(alone)["state_dict"].items():
        torch.testing.assert_close(joint[name], tensor, atol=5e-4, rtol=5e-4, msg=name)
    assert again(folder)["scores"] == metrics(folder)["scores"]
    assert metrics(folder)["data"] == metrics(alone)["data"]
    assert metrics(folder)["data"]["split"] == "val"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_tdnet_trains_in_processes_that_find_its_unused_path(
    cityscapes: list[str], bands: Path, tmp_path: Path
):
    given = [*settings(bands, tmp_path), *cityscapes, "interval=4", "model=tdnet", *PAIR]
    finding = ["trainer.strategy=ddp_find_unused_parameters_true", "trainer.sync_batchnorm=false"]
    first, second = map(Path, in_processes(trained, *given, *finding))
    assert first == second
    assert metrics(first)["steps"] == 3
    assert again(first)["scores"] == metrics(first)["scores"]


def test_processes_that_have_little_or_nothing_to_count_change_no_number(tmp_path: Path):
    # segments of 17 and 9 frames for three processes: only the first can count VC16
    for split, lengths in {"train": [4], "val": [4], "test": [17, 9]}.items():
        for number, length in enumerate(lengths):
            write_video(tmp_path / split, number, length)
    BANDS.write(tmp_path / "classes.yaml")
    given = [
        *settings(tmp_path, tmp_path),
        "interval=1",
        "data.evaluate_every=4",
        "data.batch_size=64",
    ]
    (alone,) = in_processes(counted, *given, count=1)
    assert set(alone["video"]["consistency"]) == {"8", "16"}
    assert in_processes(counted, *given, "trainer=ddp_cpu", count=3) == [alone] * 3


def counted(*overrides: str) -> dict[str, Any]:
    """The numbers of an untrained network, tested in one process of several."""
    pl.seed_everything(0, verbose=False)
    with composed(*overrides) as (config, _):
        distiller, data = prepared(config)
        trainer = make_trainer(config.trainer, logger=False, enable_checkpointing=False)
    trainer.test(distiller, data, verbose=False)
    return distiller.numbers


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_processes_that_were_interrupted_end_as_if_nothing_had_happened(
    bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    given = [*settings(bands, tmp_path), *PAIR, DROPOUT_HEAD]
    whole, _ = map(Path, in_processes(trained, *given))
    in_processes(stopped, 3, *given, "name=stopped")
    assert checkpoint(tmp_path / "stopped/seed=0")["global_step"] == 2
    interrupted, _ = map(Path, in_processes(trained, *given, "name=stopped"))
    ours, theirs = checkpoint(interrupted), checkpoint(whole)
    for key in ("state_dict", "optimizer_states", "callbacks"):
        if key == "callbacks":
            ours[key], theirs[key] = ours[key]["RandomState"], theirs[key]["RandomState"]
            first, second = ours[key]["processes"]
            assert not same(first, second)  # each has its own random numbers
        assert same(ours[key], theirs[key]), key
    assert metrics(interrupted)["scores"] == metrics(whole)["scores"]


def stopped(step: int, *overrides: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        interrupt_at(patch, step, *overrides)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_sweep_of_torchrun_trains_a_run_for_each_job_and_what_they_build_on(
    bands: Path, tmp_path: Path
):
    given = [
        *settings(bands, tmp_path / "runs"), "logger=[csv,wandb]", "logger.wandb.offline=true",
        *(*UNEVEN, *NEEDS_BASE, "data.batch_size=1"),
    ]  # fmt: skip
    process = torchrun("-m", *given, "seed=0,1", folder=tmp_path)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "sync_dist" not in errors
    runs = tmp_path / "runs"
    done = sorted(path.parent for path in runs.rglob("metrics.json"))
    rows = [runs / "tiny/seed=0", runs / "tiny/seed=1"]
    assert set(rows) < set(done)
    assert len(done) == 4  # each row, and the base network of its seed
    for folder in done:
        steps = 3 if folder in rows else 2
        assert metrics(folder)["steps"] == steps
        assert (folder / "train.log").read_text().count(f": {steps} steps") == 1
        assert [path.name for path in (folder / "csv").iterdir()] == ["version_0"]
        assert len(list(folder.glob("wandb/offline-run-*"))) == 1
    assert again(runs / "tiny/seed=1")["scores"] == metrics(runs / "tiny/seed=1")["scores"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_torchrun_that_is_terminated_goes_on(bands: Path, tmp_path: Path):
    given = [*settings(bands, tmp_path), *PAIR, "steps=12", "checkpoint_every=1"]
    whole, _ = map(Path, in_processes(trained, *given, "name=whole"))
    folder = tmp_path / "tiny/seed=0"
    process = torchrun(*given, folder=tmp_path)
    while not (folder / "last.ckpt").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert checkpoint(folder)["global_step"] < 12
    assert not (folder / "metrics.json").exists()
    process = torchrun(*given, folder=tmp_path)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "resumes from" in (folder / "train.log").read_text()
    assert same(checkpoint(folder)["state_dict"], checkpoint(whole)["state_dict"])
    assert metrics(folder)["scores"] == metrics(whole)["scores"]


class Strategy:
    """Of this process, in which the first one says what it is told to."""

    def __init__(self, answer: object = None) -> None:
        self.answer, self.calls = answer, []

    def setup_environment(self) -> None:
        self.calls.append("connect")

    def broadcast(self, answer: object) -> object:
        self.answer = answer if self.answer is None else self.answer
        return self.answer

    def barrier(self) -> None:
        self.calls.append("wait")


def trainer(strategy: Strategy, devices: int = 2) -> SimpleNamespace:
    return SimpleNamespace(strategy=strategy, world_size=devices, num_devices=devices, num_nodes=1)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Two processes, of which this one is the second unless a test changes that."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(processes, "is_rank_zero", lambda: False)
    monkeypatch.setattr(processes, "_log_warnings_only", lambda: None)
    return monkeypatch


@contextmanager
def entered(calls: list[str]) -> Iterator[bool]:
    calls.append("enter")
    yield True
    calls.append("leave")


@contextmanager
def refused() -> Iterator[bool]:
    raise BdnetError("a run of another configuration")
    yield


def test_the_first_process_enters_and_all_leave_together(two: pytest.MonkeyPatch):
    two.setattr(processes, "is_rank_zero", lambda: True)
    strategy = Strategy()
    with enter_on_rank_zero(lambda: trainer(strategy), entered(strategy.calls)) as is_open:
        assert is_open
    assert strategy.calls == ["connect", "enter", "wait", "leave"]


@pytest.mark.parametrize("value", [True, False])
def test_the_others_receive_the_value_of_the_first(two: pytest.MonkeyPatch, value: bool):
    strategy = Strategy(value)
    with enter_on_rank_zero(lambda: trainer(strategy), entered(strategy.calls)) as is_open:
        assert is_open is value
    assert strategy.calls == ["connect", "wait"]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_refusal_is_everyones(two: pytest.MonkeyPatch, is_first: bool):
    two.setattr(processes, "is_rank_zero", lambda: is_first)
    strategy = Strategy(None if is_first else "a run of another configuration")
    with pytest.raises(BdnetError, match="a run of another configuration"):
        with enter_on_rank_zero(lambda: trainer(strategy), refused()):
            raise AssertionError("it was refused")


def test_devices_and_processes_must_agree(two: pytest.MonkeyPatch, bands: Path, tmp_path: Path):
    with pytest.raises(BdnetError, match=r"2 processes were started for trainer\.devices=1 in"):
        run(*settings(bands, tmp_path))
    two.delenv("WORLD_SIZE")
    with pytest.raises(BdnetError, match=r"2 devices need .*torchrun --nproc-per-node=2 -m bdnet"):
        run(*settings(bands, tmp_path), "trainer.devices=2", "+trainer.strategy=ddp")
    assert not (tmp_path / "tiny/seed=0/metrics.json").exists()


def test_a_shell_with_an_allocation_is_one_process(monkeypatch: pytest.MonkeyPatch):
    for name in PROCESS_COUNTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLURM_NTASKS", "4")
    assert process_count() == 1
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    assert process_count() == 4


def test_a_network_that_leaves_parts_out_needs_a_strategy_that_finds_them():
    def trainer(count: int, **kwargs: bool) -> SimpleNamespace:
        return SimpleNamespace(world_size=count, strategy=SimpleNamespace(_ddp_kwargs=kwargs))

    finds = trainer(2, find_unused_parameters=True)
    check_unused_parameters(trainer(1), trains_all=False, syncs_batchnorm=True, network="TDNet")
    check_unused_parameters(trainer(2), trains_all=True, syncs_batchnorm=True, network="BDNet")
    check_unused_parameters(finds, trains_all=False, syncs_batchnorm=False, network="TDNet")
    with pytest.raises(BdnetError, match=r"TDNet leaves .*ddp_find_unused_parameters_true$"):
        check_unused_parameters(
            trainer(2), trains_all=False, syncs_batchnorm=False, network="TDNet"
        )
    with pytest.raises(BdnetError, match=r"use trainer=ddp trainer\.sync_batchnorm=false$"):
        check_unused_parameters(finds, trains_all=False, syncs_batchnorm=True, network="TDNet")
