"""Label images of a split, as evaluation servers take them."""

from pathlib import Path

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.utilities import move_data_to_device
from tqdm import tqdm

from bdnet.data.module import ClipDataModule
from bdnet.data.normalisation import normalise
from bdnet.reports.pictures.file import save
from bdnet.training.evaluator import Evaluator


def write_predictions(
    evaluator: Evaluator, data: ClipDataModule, trainer: Trainer, folder: Path
) -> int:
    """Writes the predicted labels of each target, at the largest offset; returns their number.

    Files hold the data set's own values, such as Cityscapes' labelIds, and have its names.
    """
    loader, names = data.predictions(data.tested)
    classes, device = evaluator.classes, trainer.strategy.root_device
    values = None if classes.stored is None else classes.values()
    evaluator.to(device).eval()
    written = iter(names)
    with torch.inference_mode(), trainer.precision_plugin.forward_context():
        for batch in tqdm(loader, "predict", unit="batch"):
            clip = normalise(move_data_to_device(batch, device))
            for labels in evaluator.segment(clip).byte().cpu().numpy():
                save(labels if values is None else values[labels], folder / next(written))
    return len(names)
