"""Any segmenter as a teacher: probabilities of the data set's classes, and nothing else."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from bdnet.data.classes import Classes, default_colours
from bdnet.data.normalisation import normalise_images
from bdnet.errors import BdnetError
from bdnet.inference.teacher import Segmenter
from bdnet.losses.base import Offer, UnmetNeed
from bdnet.losses.base import _check as check_needs
from bdnet.losses.inner import Inner
from bdnet.losses.intra_class import IntraClass
from bdnet.losses.pairwise import Pairwise
from bdnet.losses.pixelwise import Pixelwise
from bdnet.types import Clip
from networks import random_clip

NAMES = ("road", "car", "person")
CLASSES = Classes(NAMES, tuple(default_colours(3)))


def clip(height: int = 30, width: int = 42) -> tuple[Clip, NDArray[np.uint8]]:
    """A batch, and the bytes of its targets [b, H, W, 3]."""
    images = torch.randint(0, 256, (2, 2, 3, height, width), dtype=torch.uint8)
    batch = random_clip(height, width, 2, [1, 0])._replace(images=normalise_images(images))
    return batch, images[:, -1].permute(0, 2, 3, 1).numpy()


class Coarse(nn.Module):
    """Scores of 5 classes at a third of the size."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, classes, 3, stride=3)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.layer(pictures)


def test_its_probabilities_are_summed_over_classes_and_averaged_over_cells(tmp_path: Path):
    file = tmp_path / "classes.yaml"
    file.write_text("0: car\n1: road\n2: person\n4: car\n")  # class 3 is none of the data set's
    network = Coarse()
    teacher = Segmenter(network, str(file), {"mean": (0, 0, 0), "std": (1, 1, 1)})
    teacher.for_classes(CLASSES)
    batch, images = clip()
    logits, *rest = teacher(batch)
    assert all(part is None for part in rest)
    pictures = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        whole = functional.interpolate(network(pictures), (30, 42), mode="bilinear").softmax(1)
    shares = torch.stack([whole[:, 1], whole[:, 0] + whole[:, 4], whole[:, 2]], 1)
    shares = shares / (1 - whole[:, 3:4])
    assert logits.shape == (2, 3, 8, 11)
    for row, column in np.ndindex(8, 11):  # the last cells hold two rows or columns
        cell = shares[..., 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].mean((2, 3))
        torch.testing.assert_close(logits[..., row, column].exp(), cell, atol=1e-5, rtol=1e-4)
    assert not teacher.state_dict()
    assert not logits.requires_grad


def test_a_network_of_the_same_classes_needs_no_file():
    teacher = Segmenter(Coarse(3))
    teacher.for_classes(CLASSES)
    assert teacher(clip()[0]).logits.shape == (2, 3, 8, 11)
    other = Segmenter(Coarse(5))
    other.for_classes(CLASSES)
    with pytest.raises(BdnetError, match=r"has 5 classes.*3 \(road, car, person\).*classes=FILE"):
        other(clip()[0])


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ("0: car\n1: road", "person"),
        ("7: car", "7"),
        ("bus: car", "bus"),
        ("0: boat", "boat"),
        ("[1, 2]", "classes.yaml"),
        ("{", "classes.yaml"),
    ],
)
def test_wrong_classes_are_refused(lines: str, key: str, tmp_path: Path):
    file = tmp_path / "classes.yaml"
    file.write_text(lines)
    teacher = Segmenter(Coarse(), str(file))
    teacher.for_classes(CLASSES)
    with pytest.raises(BdnetError, match=rf"teacher\.classes=.*{key}"):
        teacher(clip()[0])


def test_a_file_of_classes_that_would_take_too_much_is_refused(tmp_path: Path):
    file = tmp_path / "classes.yaml"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, after in pairwise("abcdefgh"):
        lines.append(f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]")
    file.write_text("\n".join(lines))
    teacher = Segmenter(Coarse(), str(file))
    teacher.for_classes(CLASSES)
    with pytest.raises(BdnetError, match=r"teacher\.classes=.*more than"):
        teacher(clip()[0])


def test_classes_by_the_names_that_the_network_knows(tmp_path: Path):
    from segmenters import segformer

    segmenter = segformer()
    segmenter.model.config.id2label = {
        number: f"kind {number}" for number in range(segmenter.model.config.num_labels)
    }
    segmenter.model.save_pretrained(tmp_path / "network")
    segmenter.options["preprocess"].save_pretrained(tmp_path / "network")
    file = tmp_path / "classes.yaml"
    file.write_text("kind 0: person\nkind 1: road\nkind 2: car\n")
    by_name, by_number = (
        Segmenter(f"hf:{tmp_path / 'network'}", str(path)) for path in (file, tmp_path / "numbers")
    )
    (tmp_path / "numbers").write_text("0: person\n1: road\n2: car\n")
    seen, (batch, _) = [], clip(64, 96)
    for teacher in (by_name, by_number):
        teacher.for_classes(CLASSES)
        seen.append(teacher(batch).logits)
    assert torch.isfinite(seen[0]).all()
    torch.testing.assert_close(*seen)


def test_onnx_graphs_teach(tmp_path: Path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    network = Coarse(3).eval()
    path = tmp_path / "coarse.onnx"
    torch.onnx.export(network, (torch.zeros(1, 3, 30, 42),), path, dynamo=True, verbose=False)
    batch, _ = clip()
    seen = []
    for teacher in (Segmenter(f"onnx:{path}"), Segmenter(network)):
        teacher.for_classes(CLASSES)
        seen.append(teacher(batch).logits)
    torch.testing.assert_close(*seen, atol=1e-4, rtol=1e-4)


def test_labels_teach_nothing():
    teacher = Segmenter(lambda image: np.zeros(image.shape[:2], np.int64))
    teacher.for_classes(CLASSES)
    with pytest.raises(BdnetError, match=r"teacher\.output="):
        teacher(clip()[0])


def test_terms_that_need_features_refuse_it():
    teacher = Segmenter(Coarse(3))
    teacher.for_classes(CLASSES)
    offer = Offer.of(teacher(clip()[0]))
    student = Offer(frozenset({"logits", "features"}), 8)
    for name, kind in (("inner", Inner), ("pairwise", Pairwise), ("intra_class", IntraClass)):
        with pytest.raises(UnmetNeed, match=f"'{name}' needs features and the teacher"):
            check_needs(name, kind, student, offer)
    check_needs("pixelwise", Pixelwise, student, offer)
