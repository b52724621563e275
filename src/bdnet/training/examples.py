"""Example pictures and tables of scores after a test."""

from pathlib import Path

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import WandbLogger
from torch.utils.data import default_collate

from bdnet.data.module import ClipDataModule
from bdnet.data.normalisation import normalise
from bdnet.models.base import VideoModel
from bdnet.motion.upsampling import label_map
from bdnet.reports.pictures.panel import panel, sheet_of_panels
from bdnet.training.evaluator import Evaluator
from bdnet.training.scores import Scores
from bdnet.types import Clip

LoggedTable = tuple[list[str], list[list[object]]]  # columns, rows


class ExampleImages(Callback):
    """After a test: panels.png in the run's folder; on Weights & Biases also tables.

    clips: number of drawn clips, at the largest offset and spread over the split; may be 0
    """

    def __init__(self, folder: str, clips: int = 4) -> None:
        self.folder, self.clips = Path(folder), clips

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by the trainer
        if not trainer.is_global_zero:
            return
        assert isinstance(pl_module, Evaluator)
        assert isinstance(data, ClipDataModule)
        student, classes = pl_module.student, pl_module.classes
        clips = list(data.examples(data.tested, self.clips)) if self.clips else []
        rows = [panel(clip, *segment(student, clip), classes) for clip in clips]
        if rows:
            sheet_of_panels(rows, classes, self.folder / "panels.png")
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                if rows:
                    logger.log_image("panels", rows)
                for name, (columns, lines) in tables(pl_module.numbers).items():
                    logger.log_table(name, columns, lines)


@torch.no_grad()
def segment(network: VideoModel, clip: Clip) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Classes [H, W] of a single clip's target, and edge logits [1, h, w] or None."""
    device = next(network.parameters()).device
    batch: Clip = normalise(Clip(*(part.to(device) for part in default_collate([clip]))))
    prediction = network.eval()(batch)
    labels = label_map(prediction.logits, *clip.labels.shape)[0]
    return labels, None if prediction.edges is None else prediction.edges[0]


def tables(numbers: Scores) -> dict[str, LoggedTable]:
    """IoU by class and offset, and mIoU by offset."""
    offsets = [f"d={offset}" for offset in range(len(numbers["miou"]))]
    lines: list[list[object]] = [[name, *values] for name, values in numbers["iou"].items()]
    means = [numbers[name] for name in ("avg_k", "avg", "last_k")]
    return {
        "iou": (["class", *offsets], lines),
        "miou": ([*offsets, "avg_k", "avg", "last_k"], [[*numbers["miou"], *means]]),
    }
