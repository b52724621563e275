"""What our configurations make of Lightning's Trainer."""

import pytest
import pytorch_lightning as pl
import torch
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning.plugins import AsyncCheckpointIO

from bdnet.errors import BdnetError
from bdnet.training.checkpoint_io import AtomicCheckpointIO
from bdnet.training.trainer import make_trainer
from tiny_training import composed


def made(*overrides: str) -> pl.Trainer:
    with composed(*overrides) as (config, _):
        return make_trainer(config.trainer, logger=False, enable_checkpointing=False)


def test_checkpoints_are_written_whole_unless_another_way_is_asked_for():
    assert type(made().strategy.checkpoint_io) is AtomicCheckpointIO
    trainer = made("+trainer.plugins=[{_target_: pytorch_lightning.plugins.AsyncCheckpointIO}]")
    assert type(trainer.strategy.checkpoint_io) is AsyncCheckpointIO
    assert type(trainer.strategy.checkpoint_io.checkpoint_io) is TorchCheckpointIO


@pytest.mark.parametrize(
    ("environment", "devices", "nodes"),
    [
        ({"LOCAL_WORLD_SIZE": "2", "GROUP_WORLD_SIZE": "3"}, 2, 3),
        ({"SLURM_NTASKS_PER_NODE": "4", "SLURM_NNODES": "2"}, 4, 2),
        ({"SLURM_NTASKS_PER_NODE": "1", "SLURM_NNODES": "1", "LOCAL_WORLD_SIZE": "2"}, 2, 1),
        ({}, 1, 1),
    ],
    ids=["torchrun", "slurm", "torchrun in slurm", "alone"],
)
def test_torchrun_or_slurm_says_how_many_there_are(
    environment: dict[str, str], devices: int, nodes: int, monkeypatch: pytest.MonkeyPatch
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    trainer = made("trainer=ddp_cpu")
    assert (trainer.num_devices, trainer.num_nodes) == (devices, nodes)
    assert type(trainer.strategy).__name__ == "DDPStrategy"


@pytest.mark.skipif(torch.cuda.is_available(), reason="here are GPUs")
def test_without_a_gpu_it_is_said():
    with pytest.raises(BdnetError, match=r"trainer: .*gpu.*; see conf/trainer"):
        made("trainer=ddp")
