"""When a checkpoint is written."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from bdnet.engine.continuation import Continuation

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
    found: list[str] = []

    def save(self: pl.Trainer, path: str, weights_only: bool) -> None:
        assert not weights_only
        found.append(f"{Path(path).name} {self.global_step}")

    monkeypatch.setattr(pl.Trainer, "save_checkpoint", save)
    trainer = pl.Trainer(
        max_epochs=-1, accelerator="cpu", logger=False, num_sanity_val_steps=0,
        val_check_interval=validate, check_val_every_n_epoch=None, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[Continuation(f"{folder}/last.ckpt", every)],
        **settings,
    )  # fmt: skip
    data = DataLoader(range(100))
    trainer.fit(Nothing(found), data, DataLoader(range(1)))
    return found


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
    found = events(tmp_path, monkeypatch, every=2, validate=3, max_steps=4)
    assert found == [
        *("batch 0", "batch 1", "last.ckpt 2", "batch 2", "validation", "batch 3", "last.ckpt 4"),
    ]


def test_gradients_are_not_cut_in_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = {"max_steps": 2, "accumulate_grad_batches": 3}
    assert events(tmp_path, monkeypatch, every=1, validate=4, **settings) == [
        *("batch 0", "batch 1", "batch 2", "last.ckpt 1", "batch 3", "validation"),
        *("batch 4", "batch 5", "last.ckpt 2"),
    ]


def test_it_is_written_without_validations_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    found = events(tmp_path, monkeypatch, 1, 1, max_steps=2, limit_val_batches=0)
    assert found == ["batch 0", "last.ckpt 1", "batch 1", "last.ckpt 2"]
