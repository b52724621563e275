"""Hard pixels' cross-entropy of the second head against its formula."""

from types import SimpleNamespace

import pytest
import torch

from bdnet.losses.auxiliary_head import AuxiliaryHead
from losses.reference import both_precisions, check_formula
from losses.test_segmentation_ohem import reference


@both_precisions
@pytest.mark.parametrize(("threshold", "least"), [(0.7, 1 / 16), (0.02, 0.5)])
def test_agrees_with_its_formula(dtype: torch.dtype, threshold: float, least: float):
    hardest = reference(threshold, least)

    def of_middle(student, teacher, labels) -> float:
        return hardest(SimpleNamespace(logits=student.middle), teacher, labels)

    check_formula(AuxiliaryHead(threshold=threshold, least=least), of_middle, dtype)
