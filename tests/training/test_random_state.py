"""Random numbers go on where they stopped; test_job.py sees it in a training."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytorch_lightning as pl
import torch

from bdnet.training.random_state import RandomState
from processes import in_processes


def test_numbers_go_on_when_training_starts_and_not_before(tmp_path: Path):
    torch.manual_seed(3)
    torch.rand(7)
    torch.save(RandomState().state_dict(), tmp_path / "state.pt")
    wanted = torch.rand(5)
    restored = RandomState()
    restored.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert not torch.equal(torch.rand(5), wanted)  # networks are made in between
    restored.on_train_start(pl.Trainer.__new__(pl.Trainer), pl.LightningModule())
    assert torch.equal(torch.rand(5), wanted)


def test_without_a_checkpoint_nothing_is_set():
    torch.manual_seed(3)
    wanted = torch.rand(5)
    torch.manual_seed(3)
    RandomState().on_train_start(pl.Trainer.__new__(pl.Trainer), pl.LightningModule())
    assert torch.equal(torch.rand(5), wanted)


def test_each_process_has_numbers_of_its_own_and_they_go_on():
    (first, state), (second, _) = in_processes(drawing, None)  # the first writes the checkpoint
    assert not torch.equal(first, second)
    went_on = [numbers for numbers, _ in in_processes(drawing, state)]
    for rank, numbers in enumerate(went_on):
        torch.set_rng_state(state["processes"][rank]["cpu"])
        assert torch.equal(torch.rand(5), numbers)


def drawing(state: dict[str, Any] | None) -> tuple[torch.Tensor, dict[str, Any]]:
    """Numbers that a training draws in this process, and what a checkpoint keeps after them."""
    torch.distributed.init_process_group("gloo")
    torch.manual_seed(3)
    callback = RandomState()
    if state is not None:
        callback.load_state_dict(state)
    trainer = SimpleNamespace(global_rank=torch.distributed.get_rank())
    callback.on_train_start(trainer, pl.LightningModule())
    return torch.rand(5), callback.state_dict()
