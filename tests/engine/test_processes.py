"""Several processes that train one network."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bdnet.engine import processes
from bdnet.engine.processes import check_reached, led, started
from bdnet.errors import BdnetError
from test_evaluate import again
from training import metrics, run, settings

SHORT = "steps: 2, validate_every: 2, data.batch_size: 1, callbacks.exhibits.clips: 0"


def torchrun(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Two processes on the CPU."""
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "-m", "bdnet.train",
         *arguments, "trainer.devices=2", "+trainer.strategy=ddp"],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@pytest.mark.slow
def test_processes_of_torchrun_train_one_run_and_what_it_builds_on(bands: Path, tmp_path: Path):
    given = [
        *settings(bands, tmp_path / "runs"), "logger=csv", "data.batch_size=1",
        # 3 batches of validation, which two processes cannot share evenly
        *("interval=3", "data.stride=6", f"requires=[{{name: base, {SHORT}}}]"),
    ]  # fmt: skip
    answer = torchrun(*given, folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert "sync_dist" not in answer.stderr
    folder, base = tmp_path / "runs/tiny/seed=0", tmp_path / "runs/base/seed=0"
    for each, steps in ((folder, 6), (base, 2)):
        assert metrics(each)["steps"] == steps
        assert (each / "train.log").read_text().count(f": {steps} steps") == 1
    assert metrics(folder)["data"]["targets"] == 2
    assert (folder / "csv/version_0/metrics.csv").is_file()
    assert not (folder / "csv/version_1").exists()
    alone, together = again(folder, "+trainer.accelerator=cpu"), metrics(folder)
    assert alone["data"] == together["data"]
    assert alone["scores"]["miou"] == pytest.approx(together["scores"]["miou"])
    assert alone["scores"]["video"]["miou"] == pytest.approx(together["scores"]["video"]["miou"])


class Strategy:
    """Of this process, in which the first one says what it is told to."""

    def __init__(self, said: object = None) -> None:
        self.said, self.calls = said, []

    def setup_environment(self) -> None:
        self.calls.append("connect")

    def broadcast(self, answer: object) -> object:
        self.said = answer if self.said is None else self.said
        return self.said

    def barrier(self) -> None:
        self.calls.append("wait")


def trainer(strategy: Strategy, devices: int = 2) -> SimpleNamespace:
    return SimpleNamespace(strategy=strategy, world_size=devices, num_devices=devices, num_nodes=1)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Two processes, this one the second, until a test says otherwise."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(processes, "is_first", lambda: False)
    monkeypatch.setattr(processes, "_quieten", lambda: None)
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
    two.setattr(processes, "is_first", lambda: True)
    strategy = Strategy()
    with led(lambda: trainer(strategy), entered(strategy.calls)) as is_open:
        assert is_open
    assert strategy.calls == ["connect", "enter", "wait", "leave"]


@pytest.mark.parametrize("said", [True, False])
def test_the_others_do_as_the_first_says(two: pytest.MonkeyPatch, said: bool):
    strategy = Strategy(said)
    with led(lambda: trainer(strategy), entered(strategy.calls)) as is_open:
        assert is_open is said
    assert strategy.calls == ["connect", "wait"]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_refusal_is_everyones(two: pytest.MonkeyPatch, is_first: bool):
    two.setattr(processes, "is_first", lambda: is_first)
    strategy = Strategy(None if is_first else "a run of another configuration")
    with pytest.raises(BdnetError, match="a run of another configuration"):
        with led(lambda: trainer(strategy), refused()):
            raise AssertionError("it was refused")


def test_devices_and_processes_must_agree(two: pytest.MonkeyPatch, bands: Path, tmp_path: Path):
    with pytest.raises(BdnetError, match=r"2 processes were started for trainer\.devices=1 in"):
        run(*settings(bands, tmp_path))
    two.delenv("WORLD_SIZE")
    with pytest.raises(BdnetError, match=r"2 devices need .*torchrun --nproc-per-node=2 -m bdnet"):
        run(*settings(bands, tmp_path), "trainer.devices=2", "+trainer.strategy=ddp")
    assert not (tmp_path / "tiny/seed=0/metrics.json").exists()


def test_a_shell_with_an_allocation_is_one_process(monkeypatch: pytest.MonkeyPatch):
    for name in processes.COUNTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLURM_NTASKS", "4")
    assert started() == 1
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    assert started() == 4


def test_a_network_that_leaves_parts_out_needs_a_strategy_that_finds_them():
    def trainer(count: int, **kwargs: bool) -> SimpleNamespace:
        return SimpleNamespace(world_size=count, strategy=SimpleNamespace(_ddp_kwargs=kwargs))

    check_reached(trainer(1), trains_all=False, what="TDNet")
    check_reached(trainer(2), trains_all=True, what="BDNet")
    check_reached(trainer(2, find_unused_parameters=True), trains_all=False, what="TDNet")
    with pytest.raises(BdnetError, match=r"TDNet leaves .*ddp_find_unused_parameters_true"):
        check_reached(trainer(2), trains_all=False, what="TDNet")
