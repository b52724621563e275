"""Label images of a split, as Cityscapes' evaluation server takes them."""

from pathlib import Path

import cv2
import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import default_collate

from bdnet.codec import Encoding
from bdnet.data.datasets.cityscapes import CLASSES, Cityscapes
from bdnet.data.module import ClipDataModule
from bdnet.data.normalisation import normalise
from bdnet.data.sampler import Draw
from bdnet.training.evaluator import Evaluator
from bdnet.training.predictions import write_predictions
from cityscapes_tree import write_tree
from networks import build


def test_predictions_of_cityscapes_test_have_its_names_and_label_ids(tmp_path: Path):
    write_tree(tmp_path, ("test",), height=48, width=96)
    dataset = Cityscapes(tmp_path, tmp_path / "cache", Encoding(), test="test", processes=1)
    data = ClipDataModule(dataset, interval=3, batch_size=2, workers=0, tested="test")
    data.dataset.prepare(["test"])
    model = build("+model=bdnet", classes=19)
    evaluator = Evaluator(model, data.dataset.classes, 3)
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    assert write_predictions(evaluator, data, trainer, tmp_path / "out") == 3

    names = [f"{city}_000000_000019_labelIds.png" for city in ("berlin", "bielefeld", "bonn")]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    clips, _ = data.evaluation_clips("test")
    ids = np.array([label.id for label in CLASSES], np.uint8)
    for number, name in enumerate(names):
        clip = normalise(default_collate([clips[Draw(number, 2, (0, 0, number))]]))
        with torch.inference_mode():
            expected = ids[evaluator.segment(clip)[0].numpy()]
        written = cv2.imread(str(tmp_path / "out" / name), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(written, expected)
