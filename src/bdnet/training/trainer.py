"""Makes Lightning's Trainer from a configuration."""

import warnings
from typing import Any

import pytorch_lightning as pl
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning_fabric.plugins import TorchCheckpointIO
from omegaconf import DictConfig

from bdnet.errors import BdnetError
from bdnet.training.checkpoint_io import AtomicCheckpointIO
from bdnet.training.joint_norm import JointNorm

# warnings that are of no use to users
IGNORED = (
    "Checkpoint directory .* exists",  # it is the run's folder
    "`isinstance\\(treespec, LeafSpec\\)` is deprecated",  # Lightning's own
    "The number of training batches .* is smaller than the logging interval",
    "Found .* module\\(s\\) in eval mode",  # the teacher, always
    "The '.*_dataloader' does not have many workers",  # as many as data.workers says
    "It is recommended to use .*sync_dist=True",  # the metrics add up over processes themselves
    "The ``compute`` method of metric .* was called before",  # others may have counted something
    "You're resuming .* your dataloader is not resumable",  # TrainingBatches.first
)


def make_trainer(settings: DictConfig, **more: Any) -> pl.Trainer:
    """A trainer that writes checkpoints atomically and whose `sync_batchnorm` is JointNorm.

    settings: a choice of conf/trainer
    more:     further arguments of the Trainer, such as callbacks
    """
    for message in IGNORED:
        warnings.filterwarnings("ignore", message)
    if settings.get("sync_batchnorm"):
        plugins = instantiate(settings.get("plugins") or [], _convert_="all")
        more |= {"sync_batchnorm": False, "plugins": [*plugins, JointNorm()]}
    try:
        trainer: pl.Trainer = instantiate(settings, _convert_="all", **more)
    except InstantiationException as error:
        if error.__cause__ is None:
            raise
        reason = " ".join(str(error.__cause__).split())
        raise BdnetError(f"trainer: {reason}; see conf/trainer/default.yaml") from error
    if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:  # unless the user chose another
        trainer.strategy.checkpoint_io = AtomicCheckpointIO()
    return trainer
