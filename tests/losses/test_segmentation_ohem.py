"""Online hard example mining against its formula."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bdnet.errors import BdnetError
from bdnet.losses.segmentation_ohem import AuxiliaryHead, SegmentationOhem, SinglePath
from bdnet.types import Prediction
from losses.reference import both_precisions, case, check_formula
from losses.test_segmentation import pixel_losses


def reference(threshold: float, least: float):
    def hardest(student, teacher, labels) -> float:
        losses = sorted(pixel_losses(student, labels), reverse=True)
        hard = [loss for loss in losses if math.exp(-loss) < threshold]
        enough = math.ceil(least * len(losses))
        return float(np.mean(hard if len(hard) >= enough else losses[:enough]))

    return hardest


@both_precisions
@pytest.mark.parametrize("kind", [SegmentationOhem, AuxiliaryHead, SinglePath])
@pytest.mark.parametrize(("threshold", "least"), [(0.7, 1 / 16), (0.1, 1 / 16), (0.02, 0.5)])
def test_agrees_with_its_formula(
    dtype: torch.dtype, kind: type[SegmentationOhem], threshold: float, least: float
):
    hardest = reference(threshold, least)

    def of_its_part(student, teacher, labels) -> float:
        return hardest(SimpleNamespace(logits=getattr(student, kind.logits)), teacher, labels)

    check_formula(kind(threshold=threshold, least=least), of_its_part, dtype)


def test_ties_do_not_bring_in_more_than_the_least_share():
    """Where every pixel is equally easy, a sixteenth of them gets a gradient."""
    given = case(batch=1)
    labels = torch.zeros_like(given.clip.labels)
    logits = torch.zeros(1, 4, *labels.shape[1:])
    logits[:, 0] = 8
    logits.requires_grad_()
    SegmentationOhem()(Prediction(logits), None, given.labelled(labels).clip).backward()
    assert (logits.grad[:, 0] != 0).sum() == labels.numel() / 16


@pytest.mark.parametrize("wrong", [{"threshold": 0.0}, {"threshold": 1.5}, {"least": -0.1}])
def test_a_share_that_is_none_is_refused(wrong: dict[str, float]):
    with pytest.raises(BdnetError, match=r"threshold=.*SegmentationOhem"):
        SegmentationOhem(**wrong)
