"""When a checkpoint is written."""

import os
import signal
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from bdnet.training.distiller import Distiller
from bdnet.training.last_checkpoint import LastCheckpoint
from tiny_training import DROPOUT_HEAD, checkpoint, interrupt_at, metrics, run, settings
from trees import same

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers", "ignore:.*LeafSpec", "ignore:The number of training"
)


class Nothing(pl.LightningModule):
    """Learns nothing, and notes what happens."""

    def __init__(self, events: list[str]) -> None:
        super().__init__()
        self.weight, self.events = torch.nn.Parameter(torch.zeros(1)), events

    def training_step(self, _: torch.Tensor, batch_idx: int) -> torch.Tensor:
        self.events.append(f"batch {batch_idx}")
        return self.weight.sum()

    def validation_step(self, *_: object) -> None:
        self.events.append("validation")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD([self.weight], lr=0.1)


def events(
    folder: Path, monkeypatch: pytest.MonkeyPatch, every: int, validate: int, **settings: object
) -> list[str]:
    happened: list[str] = []

    def save(self: pl.Trainer, path: str, weights_only: bool) -> None:
        assert not weights_only
        happened.append(f"{Path(path).name} {self.global_step}")

    monkeypatch.setattr(pl.Trainer, "save_checkpoint", save)
    trainer = pl.Trainer(
        max_epochs=-1, accelerator="cpu", logger=False, num_sanity_val_steps=0,
        val_check_interval=validate, check_val_every_n_epoch=None, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[LastCheckpoint(f"{folder}/last.ckpt", every)],
        **settings,
    )  # fmt: skip
    data = DataLoader(range(100))
    trainer.fit(Nothing(happened), data, DataLoader(range(1)))
    return happened


def test_it_is_written_every_so_many_steps_and_after_validations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert events(tmp_path, monkeypatch, every=2, validate=4, max_steps=6) == [
        *("batch 0", "batch 1", "last.ckpt 2"),
        *("batch 2", "batch 3", "validation", "last.ckpt 4"),
        *("batch 4", "batch 5", "last.ckpt 6"),
    ]


def test_a_validation_between_checkpoints_writes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    happened = events(tmp_path, monkeypatch, every=2, validate=3, max_steps=4)
    assert happened == [
        *("batch 0", "batch 1", "last.ckpt 2", "batch 2", "validation", "batch 3", "last.ckpt 4"),
    ]


def test_gradients_are_not_cut_in_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = {"max_steps": 2, "accumulate_grad_batches": 3}
    assert events(tmp_path, monkeypatch, every=1, validate=4, **settings) == [
        *("batch 0", "batch 1", "batch 2", "last.ckpt 1", "batch 3", "validation"),
        *("batch 4", "batch 5", "last.ckpt 2"),
    ]


def test_it_is_written_without_validations_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    happened = events(tmp_path, monkeypatch, 1, 1, max_steps=2, limit_val_batches=0)
    assert happened == ["batch 0", "last.ckpt 1", "batch 1", "last.ckpt 2"]


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What SLURM says to a job of one task; the file in which `scontrol` notes what it is told."""
    told, program = tmp_path / "told", tmp_path / "bin/scontrol"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho $* >> {told}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    for name, value in {
        "NTASKS": "1",
        "NTASKS_PER_NODE": "1",
        "NNODES": "1",
        "JOB_ID": "77",
        "JOB_NAME": "train",
        "PROCID": "0",
        "LOCALID": "0",
        "NODEID": "0",
    }.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    return told


def asked_to_leave(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """SLURM's signal comes in the middle of this step."""
    backward = Distiller.on_before_zero_grad  # between the gradients' making and their use

    def signalled(module: Distiller, optimizer: torch.optim.Optimizer) -> None:
        if module.global_step == step:
            os.kill(os.getpid(), signal.SIGUSR1)
        backward(module, optimizer)

    monkeypatch.setattr(Distiller, "on_before_zero_grad", signalled)


def test_a_training_that_slurm_takes_away_goes_on_from_there(
    bands: Path, tmp_path: Path, slurm: Path, monkeypatch: pytest.MonkeyPatch
):
    given = [*settings(bands, tmp_path), DROPOUT_HEAD, "steps=4", "checkpoint_every=100"]
    whole = run(*given, "name=whole")
    with monkeypatch.context() as patch:
        asked_to_leave(patch, 2)
        interrupt_at(patch, 3, *given)
    folder = tmp_path / "tiny/seed=0"
    assert slurm.read_text() == "requeue 77\n"
    assert sorted(path.name for path in folder.glob("*.ckpt")) == ["best.ckpt", "hpc_ckpt_1.ckpt"]
    assert checkpoint(folder, "hpc_ckpt_1")["global_step"] == 3
    run(*given)
    assert "Restored all states from the checkpoint" in (folder / "train.log").read_text()
    assert sorted(path.name for path in folder.glob("*.ckpt")) == ["best.ckpt", "last.ckpt"]
    for key in ("state_dict", "optimizer_states"):
        assert same(checkpoint(folder)[key], checkpoint(whole)[key])
    assert metrics(folder)["scores"] == metrics(whole)["scores"]


def test_what_was_saved_for_slurm_is_not_what_is_tested(
    bands: Path, tmp_path: Path, slurm: Path, monkeypatch: pytest.MonkeyPatch
):
    given = [*settings(bands, tmp_path), "steps=3"]
    whole = run(*given, "name=whole")
    asked_to_leave(monkeypatch, 0)
    folder = run(*given)  # the machine is not taken away after all
    assert slurm.read_text() == "requeue 77\n"
    assert metrics(folder)["scores"] == metrics(whole)["scores"]
    assert not list(folder.glob("hpc*"))
