"""Lightning's Trainer, as our configurations mean it."""

from typing import Any

import pytorch_lightning as pl
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning_fabric.plugins import TorchCheckpointIO
from omegaconf import DictConfig

from bdnet.errors import BdnetError
from bdnet.training.checkpoint_io import WholeFiles
from bdnet.training.joint_norm import JointNorm


def make_trainer(settings: DictConfig, **more: Any) -> pl.Trainer:
    """A trainer whose checkpoints are whole and whose `sync_batchnorm` is JointNorm.

    settings: a choice of conf/trainer; what Lightning refuses of it is a mistake there
    more:     arguments that are no configuration
    """
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
        trainer.strategy.checkpoint_io = WholeFiles()
    return trainer
