"""Random numbers go on where they stopped; tests/test_train.py sees it in a whole training."""

from pathlib import Path

import pytorch_lightning as pl
import torch

from bdnet.engine.randomness import Randomness


def test_numbers_go_on_when_training_starts_and_not_before(tmp_path: Path):
    torch.manual_seed(3)
    torch.rand(7)
    torch.save(Randomness().state_dict(), tmp_path / "state.pt")
    wanted = torch.rand(5)
    other = Randomness()
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert not torch.equal(torch.rand(5), wanted)  # networks are made in between
    other.on_train_start(pl.Trainer.__new__(pl.Trainer), pl.LightningModule())
    assert torch.equal(torch.rand(5), wanted)


def test_without_a_checkpoint_nothing_is_set():
    torch.manual_seed(3)
    wanted = torch.rand(5)
    torch.manual_seed(3)
    Randomness().on_train_start(pl.Trainer.__new__(pl.Trainer), pl.LightningModule())
    assert torch.equal(torch.rand(5), wanted)
