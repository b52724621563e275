"""A tiny training in this process: the smallest network learns wide bands that move."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from numpy.typing import NDArray
from omegaconf import DictConfig, open_dict
from pytorch_lightning import Callback
from torch import Tensor
from torch.utils.data import DataLoader

from bdnet.cli.conf import conf_folder
from bdnet.codec import Encoding
from bdnet.data.classes import Classes
from bdnet.data.module import ClipDataModule
from bdnet.data.prepare import Picture, write_clip
from bdnet.losses import LabelLoss
from bdnet.models.head.deeplabv2 import DeepLabV2
from bdnet.training.distiller import Distiller
from bdnet.training.job import _module, data_of, train
from bdnet.types import Clip, Prediction
from videos import Pan

BANDS = Classes(("road", "car", "person"), ((90, 90, 90), (0, 0, 142), (220, 20, 60)))
HEIGHT, WIDTH, LENGTH = 64, 96, 8
SPEED = 2  # pixels per frame
SPLITS = {"train": 3, "val": 1, "test": 2}  # videos; those of val and test are among train's
# overrides of a run that needs another run of two steps
NEEDS_BASE = ("needs=[table2/base]", "+recipe.name=tiny", "+recipe.base={steps: 2, lr: 1e-3}")
DROPOUT_HEAD = "model.head._target_=tiny_training.DropoutHead"


def labels(index: int, number: int = 0) -> NDArray[np.uint8]:
    """Labels [H, W] of frame `index` of a video: upright bands that move to the left."""
    columns = np.arange(WIDTH) + SPEED * index + 8 * number
    return np.tile((columns // 36 + number) % 3, (HEIGHT, 1)).astype(np.uint8)


def picture(index: int, number: int = 0) -> NDArray[np.uint8]:
    """RGB image of that frame: the bands' colours with a texture that moves with them."""
    texture = Pan((SPEED, 0), number).picture(index, HEIGHT, WIDTH)
    painted = 0.6 * BANDS.palette()[labels(index, number)] + 0.4 * texture
    return painted.round().astype(np.uint8)


def write_bands(root: Path) -> Path:
    """A data set for data=folder, every frame of which is labelled."""
    for split, count in SPLITS.items():
        for number in range(count):
            write_video(root / split, number)
    BANDS.write(root / "classes.yaml")
    return root


def write_video(root: Path, number: int, length: int = LENGTH) -> None:
    """A video of a split, with its labels."""

    def frames() -> Iterator[Picture]:
        for index in range(length):
            yield picture(index, number), labels(index, number)

    write_clip(root, str(number), frames(), Encoding(interval=length, crf=10))


def settings(data: Path, runs: Path) -> list[str]:
    """The overrides for a training of six steps."""
    return [
        "data=folder", f"data.dataset.root={data}", "~recipe", f"runs={runs}", "name=tiny",
        "augmentation@data.augmentation=none", "data.workers=0", "data.batch_size=2",
        "data.evaluate_every=3", "data.labelled_frame=6", "interval=4", "steps=6",
        "validate_every=3", "checkpoint_every=2", "backbone=test_resnet", "optimizer=adamw",
        "optimizer.lr=1e-3", "logger=[]", "callbacks.examples.clips=0", "trainer.accelerator=cpu",
        "trainer.enable_progress_bar=false",
    ]  # fmt: skip


@contextmanager
def composed(*overrides: str) -> Iterator[tuple[DictConfig, dict[str, Any]]]:
    """The configuration of `python -m bdnet.train`, and the choices of its groups."""
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("train", list(overrides), return_hydra_config=True)
        HydraConfig.instance().set_config(config)
        choices = dict(config.hydra.runtime.choices)
        with open_dict(config):
            del config["hydra"]
        yield config, choices


def run(*overrides: str) -> Path:
    """Trains with these overrides in this process; returns the folder of the run."""
    with composed(*overrides) as (config, _):
        train(config)
        return Path(config.folder)


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int, *overrides: str) -> None:
    """Trains, and interrupts at the beginning of the step after this one."""

    def interrupt(module: Distiller, batch: object, batch_idx: int) -> None:
        if module.global_step == step:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Distiller, "on_train_batch_start", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(*overrides)


def checkpoint(folder: Path, which: str = "last") -> dict[str, Any]:
    return dict(torch.load(folder / f"{which}.ckpt", weights_only=True))


def metrics(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "metrics.json").read_text()))


def prepared(config: DictConfig) -> tuple[Distiller, ClipDataModule]:
    """The LightningModule and data of a training, before it begins."""
    data = data_of(config)
    with open_dict(config):
        config.classes = config.classes or len(data.dataset.classes)
    return _module(config, data), data


def fit(distiller: Distiller, batches: list[Clip], *callbacks: Callback) -> pl.Trainer:
    """Trains on these batches, one step each, without callbacks or files of our own."""
    trainer = pl.Trainer(
        max_steps=len(batches), accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, callbacks=list(callbacks),
    )  # fmt: skip
    trainer.fit(distiller, DataLoader(batches, batch_size=None))  # type: ignore[arg-type]
    return trainer


class DropoutHead(DeepLabV2):
    """A head with dropout: training it draws random numbers."""

    def forward(self, feature: Tensor, *others: Tensor) -> Tensor:
        return super().forward(torch.nn.functional.dropout(feature, 0.2, self.training), *others)


class NanLoss(LabelLoss):
    """A loss that is NaN from step `at` on, counted from 0."""

    at = 10**9

    def __init__(self, weight: float = 1.0, at: int | None = None) -> None:
        super().__init__(weight)
        self.seen = 0
        if at is not None:
            self.at = at

    def value(self, student: Prediction, labels: Tensor) -> Tensor:  # noqa: ARG002
        self.seen += torch.is_grad_enabled()
        return student.logits.sum() * (torch.nan if self.seen > self.at else 0.0)
